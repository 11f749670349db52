"""What a verifier's yes and no are worth at a threshold, and how it finds the first wrong step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray

NONE_WRONG = -1
"""First wrong step of a solution in which all steps are right."""
UNKNOWN = -2
"""First wrong step where nobody says."""
UNNAMED = -3
"""Of a verifier that finds a solution wrong and names no step."""


@dataclass(frozen=True)
class Rates:
    """Shares of solutions that are judged rightly, (...) each.

    right: of the right ones, those accepted (true positive rate); wrong: of the wrong ones, those
    rejected (true negative rate); all: of all.
    """

    all: FloatArray
    right: FloatArray
    wrong: FloatArray

    @property
    def balanced(self) -> FloatArray:
        """Balanced accuracy: the mean of both rates."""
        return np.asarray((self.right + self.wrong) / 2)

    @property
    def f1(self) -> FloatArray:
        """F1 as ProcessBench defines it: harmonic mean of both rates (arXiv 2412.06559)."""
        total = self.right + self.wrong
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(total == 0, 0.0, 2 * self.right * self.wrong / total))


def rates(credit: FloatArray, correct: BoolArray, weights: FloatArray | None = None) -> Rates:
    """Of (n,) solutions. credit: 1 where one is judged rightly, else 0, or the probability of that.

    weights: (..., n), 1 each unless given. A share of nothing is NaN.
    """
    weight = np.ones(len(correct)) if weights is None else weights
    label = correct.astype(np.float64)
    return Rates(
        _share(weight, np.ones(len(correct)), credit),
        _share(weight, label, credit),
        _share(weight, 1 - label, credit),
    )


def _share(weight: FloatArray, some: FloatArray, credit: FloatArray) -> FloatArray:
    total = weight @ some
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 0, (weight @ (some * credit)) / total, np.nan))


def first_wrong_by_scores(step_scores: FloatArray, threshold: float = 0.5) -> IntArray:
    """First step whose mean score over verifications is below the threshold, from 0: (n,).

    step_scores: (n, M, L), NaN where a verification says nothing of a step. `NONE_WRONG` where no
    mean is below, `UNKNOWN` where there is no score at all. (Mean over M and threshold 0.5: GenPRM,
    arXiv 2504.00891.)
    """
    told = ~np.isnan(step_scores)
    count = told.sum(axis=1)
    mean = np.where(told, step_scores, 0.0).sum(axis=1) / np.maximum(count, 1)
    low = (count > 0) & (mean < threshold)
    first = np.where(low.any(axis=1), low.argmax(axis=1), NONE_WRONG)
    return np.asarray(np.where(told.any(axis=(1, 2)), first, UNKNOWN))


def first_wrong_by_vote(named: IntArray) -> IntArray:
    """The first wrong step that most verifications of a solution name, (n,).

    named: (n, M), a step from 0, `NONE_WRONG`, `UNNAMED`, or `UNKNOWN` where a verification says
    nothing or there is none. Of equally frequent ones the earliest step is taken, and `NONE_WRONG`
    or `UNNAMED` last.
    """
    out = np.full(len(named), UNKNOWN, dtype=np.int64)
    for i, row in enumerate(named):
        said = row[row != UNKNOWN]
        if len(said):
            values, counts = np.unique(said, return_counts=True)
            tied = values[counts == counts.max()]
            steps = tied[tied >= 0]
            out[i] = steps[0] if len(steps) else tied[-1]
    return out


def localisation(
    found: IntArray, gold: IntArray, weights: FloatArray | None = None, slack: int = 0
) -> Rates:
    """Shares in which the first wrong step is found: `right` of solutions without a wrong step,
    `wrong` of those with one, in which the very step must be named.

    found, gold: (n,) as of `first_wrong_by_scores`, no gold one unknown; slack: steps it may be
    off. What a verifier does not say is not found. F1 of these is ProcessBench's.
    """
    inside = (gold >= 0) & (found >= 0) & (np.abs(found - gold) <= slack)
    hit = np.where(gold == NONE_WRONG, found == NONE_WRONG, inside)
    return rates(hit.astype(np.float64), gold == NONE_WRONG, weights)
