"""Held-out problems, solved, verified and scored: what the model card's figures come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.pool import PoolArrays
from ttc.nano.catalogue import ModelInfo, read_index
from ttc.nano.engine import NanoModel
from ttc.nano.prompts import VERDICT, solver_prompt, verifier_prompt
from ttc.nano.reward import score_steps
from ttc.nano.sampling import Sample, SampleJob
from ttc.nano.tasks import NanoProblem, final_answer, step_labels

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
SOLUTIONS = 64
SOLVER_TOKENS, VERIFIER_TOKENS = 96, 160


class Models:
    """The networks in a folder of weights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def named(self, name: str) -> NanoModel | None:
        """A later network, if it is there."""
        return self._open(name) if name in read_index(self.folder) else None

    @cached_property
    def solver(self) -> NanoModel:
        return self._open("nano-solver")

    @cached_property
    def draft(self) -> NanoModel:
        return self._open("nano-draft")

    @cached_property
    def verifier(self) -> NanoModel:
        return self._open("nano-verifier")

    @cached_property
    def reward(self) -> NanoModel:
        return self._open("nano-prm")

    def _open(self, name: str) -> NanoModel:
        return NanoModel(ModelInfo.read(self.folder, name))


def solve(model: NanoModel, problems: Sequence[NanoProblem]) -> list[list[Sample]]:
    """`SOLUTIONS` solutions of each problem, seeds from 0."""
    seeds = tuple(range(SOLUTIONS))
    return model.sample(
        [SampleJob(solver_prompt(p.question), seeds, SOLVER_TOKENS) for p in problems]
    )


def accuracy(problems: Sequence[NanoProblem], solved: Sequence[Sequence[Sample]]) -> float:
    """Share of right solutions."""
    pairs = zip(problems, solved, strict=True)
    return float(np.mean([final_answer(s.text) == p.answer for p, row in pairs for s in row]))


@dataclass(frozen=True)
class Verified:
    """The first solutions of each problem with their verdicts.

    verdicts: (problems, solutions, V), 1, 0 or NaN for none; right: (problems, solutions); tokens:
    mean length of a verification.
    """

    verdicts: Floats
    right: Flags
    tokens: float


def verify(
    model: NanoModel,
    problems: Sequence[NanoProblem],
    solved: Sequence[Sequence[Sample]],
    solutions: int,
    verifications: int,
) -> Verified:
    """Verify the first `solutions` of each problem, each `verifications` times."""
    jobs, right = [], []
    for problem, samples in zip(problems, solved, strict=True):
        for j, sample in enumerate(samples[:solutions]):
            prompt = verifier_prompt(problem.question, sample.text)
            seeds = tuple(range(j * verifications, (j + 1) * verifications))
            jobs.append(SampleJob(prompt, seeds, VERIFIER_TOKENS))
            right.append(final_answer(sample.text) == problem.answer)
    judged = model.sample(jobs)
    shape = (len(problems), solutions)
    return Verified(
        verdicts=np.array([[_verdict(v) for v in row] for row in judged]).reshape(*shape, -1),
        right=np.array(right).reshape(shape),
        tokens=float(np.mean([v.completion_tokens for row in judged for v in row])),
    )


def _verdict(sample: Sample) -> float:
    tail = sample.text.rpartition(VERDICT)[2].strip()
    return {"Yes": 1.0, "No": 0.0}.get(tail, np.nan)


def pool(
    problems: Sequence[NanoProblem], solved: Sequence[Sequence[Sample]], scores: Floats
) -> PoolArrays:
    """For the estimators; scores: (problems, verified solutions, V)."""
    classes, gold = [], []
    for problem, samples in zip(problems, solved, strict=True):
        answers = [final_answer(s.text) for s in samples]
        known = {a: i for i, a in enumerate(dict.fromkeys(a for a in answers if a is not None))}
        classes.append([-1 if a is None else known[a] for a in answers])
        gold.append(known.get(problem.answer, -1))
    return PoolArrays.from_ragged(classes, gold, scores=list(scores))


def marks(
    model: NanoModel, problems: Sequence[NanoProblem], solved: Sequence[Sequence[Sample]]
) -> tuple[list[list[float]], list[list[bool]]]:
    """Step scores and exact labels of each solution, problem by problem."""
    pairs = [(p, s.text.split("\n")) for p, row in zip(problems, solved, strict=True) for s in row]
    return score_steps(model, [(p.question, lines) for p, lines in pairs]), [
        step_labels(p, lines) for p, lines in pairs
    ]


def share(flags: Sequence[bool] | Flags) -> float:
    """Mean of flags, NaN without any."""
    return float(np.mean(flags)) if len(flags) else float("nan")


def mean(values: Floats) -> float:
    """NaN without any."""
    return float(values.mean()) if values.size else float("nan")


def mean_verdict(verdicts: Floats) -> Floats:
    """Mean of the valid verdicts along the last axis; 0 where there is none."""
    valid = ~np.isnan(verdicts)
    total = np.where(valid, verdicts, 0).sum(axis=-1)
    return np.asarray(total / np.maximum(valid.sum(axis=-1), 1))


def balanced(score: Floats, right: Flags) -> float:
    """Mean of the shares of right and wrong that fall on their side of one half."""
    if right.all() or not right.any():
        return float("nan")
    said = score > 0.5
    return float((said[right].mean() + (~said[~right]).mean()) / 2)


def auc(score: Floats, right: Flags) -> float:
    """Probability that something right scores above something wrong, ties counting half."""
    from scipy.stats import rankdata

    if right.all() or not right.any():
        return float("nan")
    ranks = rankdata(score)
    n, m = right.sum(), (~right).sum()
    return float((ranks[right].sum() - n * (n + 1) / 2) / (n * m))
