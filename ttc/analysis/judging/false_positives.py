"""False positives against S: how often the best scored of S solutions is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.best_of import best_of_k
from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.analysis.passk import draw_ratio, pass_at_k


@dataclass(frozen=True)
class FalsePositives:
    """Probabilities by problem and S, (problems, len(k)) each, over random sets of S solutions.

    A is that the best scored one is accepted, its score reaching the threshold; R that a right one
    is among the S. Ties for the best are shared.

    wrong: the best is wrong. accepted: it is wrong, and A. there: R. missed: R, and the best is
    wrong. deceived: R, and the best is wrong, and A. hopeless: no R, and A.
    """

    wrong: FloatArray
    accepted: FloatArray
    there: FloatArray
    missed: FloatArray
    hopeless: FloatArray

    @property
    def deceived(self) -> FloatArray:
        """Without a right one, whatever is accepted is wrong."""
        return np.maximum(self.accepted - self.hopeless, 0.0)


def false_positives(
    score: FloatArray, correct: BoolArray, k: Sequence[int], threshold: float
) -> FalsePositives:
    """Exact values. score: (problems, N), NaN padding; correct: (problems, N).

    The best scored of k carries any label with the probability that `best_of_k` gives for it. With
    W of N wrong, and U of these below the threshold, no right one is among k with probability
    C(W, k) / C(N, k), and none accepted either with C(U, k) / C(N, k). NaN where k exceeds a
    problem's solutions.
    """
    there = ~np.isnan(score)
    right, low = correct & there, ~(np.nan_to_num(score) >= threshold)
    total = there.sum(axis=1)
    wrong = total - right.sum(axis=1)
    best = best_of_k(score, right, k)
    accepted = best_of_k(score, there & ~right & ~low, k)
    has = pass_at_k(right.sum(axis=1), total, k)
    rejected = (there & ~right & low).sum(axis=1)
    hopeless = np.full(best.shape, np.nan)
    for column, size in enumerate(k):
        ok = total >= size
        none = draw_ratio(wrong[ok], total[ok], size)
        hopeless[ok, column] = none - draw_ratio(rejected[ok], total[ok], size)
    missed = np.maximum(has - best, 0.0)  # round-off apart
    return FalsePositives(1 - best, accepted, has, missed, hopeless)
