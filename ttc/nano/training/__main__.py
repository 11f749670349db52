"""`python -m ttc.nano.training`: all networks and their model card, from one seed.

Stages, each with a checkpoint in the work folder: the solver and the draft solver learn from
pupils' solutions; the solver's own samples are drawn; the verifier and the reward network start
from the solver and learn from these samples; the card is measured. Run it again to go on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from ttc.nano.catalogue import WEIGHTS, ModelInfo, write_weights
from ttc.nano.config import NetConfig
from ttc.nano.tokenizer import VOCABULARY
from ttc.nano.training.card import write_card
from ttc.nano.training.data import collate_marks, demonstration
from ttc.nano.training.loop import BATCH_TOKENS, marks, train
from ttc.nano.training.network import Network
from ttc.nano.training.samples import mark_source, review_source, sample_solutions

SOLVER = NetConfig(vocab=len(VOCABULARY))
DRAFT = replace(SOLVER, width=64, layers=3, heads=2, hidden=256)
REWARD = replace(SOLVER, reward=True)
STEPS = {"nano-solver": 1700, "nano-draft": 2000, "nano-verifier": 700, "nano-prm": 200}
SAMPLED_PROBLEMS = 16_384
CARD_PROBLEMS = 32  # a level
CARD_DEPTH = 32  # solutions verified of each problem, and verifications of each of these
WHAT = {
    "nano-solver": "Solves the nano problems step by step, with a pupil's mistakes.",
    "nano-draft": "A smaller and weaker solver.",
    "nano-verifier": (
        "Rechecks a solution step by step and ends in a Yes/No verdict; useful but fallible."
    ),
    "nano-prm": "Scores each step of a solution with its probability of being right.",
}


def main() -> None:
    """Parse the options and run every stage that its checkpoint does not show as done."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weight files")
    parser.add_argument("--work", type=Path, default=Path(".work/nano"), help="checkpoints")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of PyTorch")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--scale", type=float, default=1.0, help="share of all steps, for a trial")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    build(options.out, options.work, options.seed, options.scale, options.device)


def build(out: Path, work: Path, seed: int, scale: float = 1.0, device: str = "cpu") -> None:
    """Train the networks and write weights, index and card."""

    def scaled(count: int) -> int:
        return max(2, round(count * scale))

    def ship(name: str, net: Network) -> None:
        write_weights(out, name, WHAT[name], net.config, net.arrays())

    steps = {name: scaled(count) for name, count in STEPS.items()}
    work.mkdir(parents=True, exist_ok=True)
    solver = train(
        Network(SOLVER, seed).to(device),
        lambda i: demonstration(seed, i),
        steps["nano-solver"],
        work / "solver.pt",
        seed,
    )
    ship("nano-solver", solver)
    draft = train(
        Network(DRAFT, seed + 3).to(device),
        lambda i: demonstration(seed + 3, i),
        steps["nano-draft"],
        work / "draft.pt",
        seed + 3,
    )
    ship("nano-draft", draft)
    samples = work / "samples.jsonl"
    sample_solutions(ModelInfo.read(out, "nano-solver"), scaled(SAMPLED_PROBLEMS), seed, samples)
    verifier = train(
        Network(SOLVER).to(device).adopt(solver),
        review_source(samples, seed, SOLVER.context),
        steps["nano-verifier"],
        work / "verifier.pt",
        seed + 1,
        lr=0.02,
        adam_lr=0.004,
    )
    ship("nano-verifier", verifier)
    reward = train(
        Network(REWARD).to(device).adopt(solver),
        mark_source(samples, seed),
        steps["nano-prm"],
        work / "prm.pt",
        seed + 2,
        lr=0.01,
        adam_lr=0.002,
        objective=marks,
        collate=collate_marks,
    )
    ship("nano-prm", reward)
    depth = min(CARD_DEPTH, 2 * scaled(CARD_DEPTH))
    problems = scaled(CARD_PROBLEMS)
    write_card(out, out.parent / "MODEL_CARD.md", seed, problems, depth, _made(device, steps))


def _made(device: str, steps: dict[str, int]) -> str:
    listed = ", ".join(f"{name} {n * BATCH_TOKENS / 1e6:.1f}" for name, n in steps.items())
    return f"""
Trained on {device} with PyTorch {torch.__version__}. Millions of tokens seen: {listed}. One core
trains the solver at about 16,000 tokens a second, so all of it takes about half an hour. Another
device or version of PyTorch gives networks, and so figures, that differ a little."""


if __name__ == "__main__":
    main()
