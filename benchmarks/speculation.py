"""Speculative against plain sampling of nano-solver, as ratios measured in one run.

    python benchmarks/speculation.py [--problems 48] [--samples 1 16] [--rounds 3]

For each shape of drafts (a chain of so many tokens, or a tree by its branches at each depth):

- accepted: drafts that were taken, of all
- per pass: tokens that a pass of the target brings; so many times fewer passes
- FLOPs: with over without, 2 x parameters a place, of the target and of the draft
- wasted: the target's FLOPs for discarded drafts, over those without speculation
- c: seconds of a draft's step over a step of the target, each by plain sampling
- foreseen: times faster by the closed form of arXiv 2211.17192, of c and the tokens a pass
- tokens/s: with over without, the best of interleaved rounds; seconds are of the thread, the only
  one that a batch keeps busy, so that other work on the machine changes little

`samples` are drawn of one prompt at a time; with 1, passes are of one row, the case that
speculation is made for.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

from ttc import nano
from ttc.nano.prompts import solver_prompt
from ttc.nano.tasks import generate

SHAPES = ((1,), (1,) * 2, (1,) * 4, (1,) * 8, (1,) * 16, (2, 1), (2, 2, 1), (3, 1, 1, 1))


def jobs(problems: int, samples: int, temperature: float) -> list[nano.SampleJob]:
    """Solutions of arithmetic problems of levels 2 to 5."""
    questions = (generate("arithmetic", 2 + i % 4, 99, i).question for i in range(problems))
    seeds = tuple(range(samples))
    return [nano.SampleJob(solver_prompt(q), seeds, 96, temperature) for q in questions]


def timed(
    model: nano.NanoModel, wanted: Sequence[nano.SampleJob]
) -> tuple[float, list[nano.Sample]]:
    """Tokens per second, one prompt after the other, and what was drawn."""
    began = time.thread_time()
    drawn = [sample for job in wanted for sample in model.sample([job])[0]]
    seconds = time.thread_time() - began
    return sum(sample.completion_tokens for sample in drawn) / seconds, drawn


def row(
    model: nano.Speculative, drawn: Sequence[nano.Sample], rate: float, plain: float, step: float
) -> str:
    """One shape's figures. rate, plain: tokens/s with and without; step: c."""
    efforts = [sample.effort for sample in drawn if sample.effort is not None]
    tokens = sum(sample.completion_tokens for sample in drawn)
    passes, proposed, accepted, verified, drafted = (
        sum(getattr(one, name) for one in efforts)
        for name in ("rounds", "proposed", "accepted", "verified", "drafted")
    )
    size = model.draft.info.parameters / model.info.parameters
    flops, wasted = (verified + size * drafted) / tokens, (verified - tokens) / tokens
    foreseen = tokens / passes / (model.tree.depth * step + 1)
    shape = "x".join(map(str, model.tree.widths))
    shape = f"chain {model.tree.depth}" if set(model.tree.widths) == {1} else f"tree {shape}"
    return (
        f"{shape:<14} {accepted / proposed:>9.1%} {tokens / passes:>9.2f} {flops:>6.2f} "
        f"{wasted:>7.2f} {foreseen:>9.2f} {rate / plain:>9.2f}"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=48)
    parser.add_argument("--samples", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--temperature", type=float, default=1.0)
    chosen = parser.parse_args()
    target, draft = nano.load("nano-solver"), nano.load("nano-draft")
    models = [nano.Speculative(target, draft, shape) for shape in SHAPES]
    for samples in chosen.samples:
        wanted = jobs(max(4, chosen.problems // samples), samples, chosen.temperature)
        best = [0.0] * (2 + len(models))
        drawn: list[list[nano.Sample]] = [[]] * len(best)
        for _ in range(chosen.rounds):
            for i, model in enumerate([target, draft, *models]):
                rate, drawn[i] = timed(model, wanted)
                best[i] = max(best[i], rate)
        plain, step = best[0], best[0] / best[1]
        print(f"{samples} samples a prompt: {plain:,.0f} tokens/s without drafts, c = {step:.2f}")
        print(
            f"{'drafts':<14} {'accepted':>9} {'per pass':>9} {'FLOPs':>6} {'wasted':>7} "
            f"{'foreseen':>9} {'tokens/s':>9}"
        )
        for model, rate, found in zip(models, best[2:], drawn[2:], strict=True):
            print(row(model, found, rate, plain, step))


if __name__ == "__main__":
    main()
