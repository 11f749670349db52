"""`python -m ttc.nano.training`: all networks and their model card, from one seed.

Stages, each with a checkpoint in the work folder: the solver and the draft solver learn from
pupils' solutions; the solver's own samples are drawn; the verifier and the reward network start
from the solver and learn from these samples; so do the later networks (`judges.py`), which start
from the weights of the first ones as they are stored; the card is measured. Run it again to go on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from ttc.nano.catalogue import WEIGHTS
from ttc.nano.training.card import write_card
from ttc.nano.training.judges import PLANS
from ttc.nano.training.loop import BATCH_TOKENS
from ttc.nano.training.stages import STEPS, Stages

CARD_PROBLEMS = 32  # a level
CARD_DEPTH = 32  # solutions verified of each problem, and verifications of each of these
CARD = "card"
REPAIR = "nano-repair"
NAMES = (*STEPS, *PLANS, REPAIR, CARD)


def main() -> None:
    """Parse the options and run every stage that its checkpoint does not show as done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weight files")
    parser.add_argument("--work", type=Path, default=Path(".work/nano"), help="checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of PyTorch")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--scale", type=float, default=1.0, help="share of all steps, for a trial")
    parser.add_argument(
        "--only", nargs="+", choices=NAMES, help="these; what they start from must be in --out"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    build(options.out, options.work, options.seed, options.scale, options.device, options.only)


def build(
    out: Path,
    work: Path,
    seed: int,
    scale: float = 1.0,
    device: str = "cpu",
    only: Sequence[str] | None = None,
) -> None:
    """Train the networks and write weights, index and card."""
    work.mkdir(parents=True, exist_ok=True)
    stages = Stages(out, work, seed, scale, device)
    for name in NAMES:
        if only and name not in only:
            continue
        if name in PLANS:
            stages.later(name)
        elif name in STEPS:
            stages.first(name)
        elif name == REPAIR:
            stages.repair()
        else:
            depth = min(CARD_DEPTH, 2 * stages.scaled(CARD_DEPTH))
            problems = stages.scaled(CARD_PROBLEMS)
            made = _made(device, stages.steps)
            write_card(out, out.parent / "MODEL_CARD.md", seed, problems, depth, made)


def _made(device: str, steps: dict[str, int]) -> str:
    listed = ", ".join(f"{name} {n * BATCH_TOKENS / 1e6:.1f}" for name, n in steps.items())
    return f"""
Trained on {device} with PyTorch {torch.__version__}. Millions of tokens seen: {listed}. One core
trains the solver at about 16,000 tokens a second, so the first four networks take half an hour and
all of them two. Another device or version of PyTorch gives networks, and so figures,
that differ a little."""


if __name__ == "__main__":
    main()
