"""The margin of a choice: how far all scores may move before another answer may be chosen.

A margin is an L-infinity radius: while no score moves by more than it, within [0, 1], the choice
stays; at the margin it ties, and beyond it some move flips it. Solutions without a valid answer
(class below 0) can't be chosen and don't count. With one valid answer alone nothing can flip:
infinite; without any, NaN.
"""

from __future__ import annotations

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray


def best_of_n_margin(score: FloatArray, answer_class: IntArray) -> float:
    """Half of what the best score is above the best one with another answer. score, class: (n,).

    All of the winner's solutions fall and the other one rises by e: a - e = b + e. (Were one score
    alone to move, it would take twice as much.) The bounds 0 and 1 are never in the way.
    """
    best = sorted((float(score[own].max()) for own in _members(answer_class)), reverse=True)
    if not best:
        return float("nan")
    return (best[0] - best[1]) / 2 if len(best) > 1 else float("inf")


def weighted_majority_margin(score: FloatArray, answer_class: IntArray) -> float:
    """Where the weighted vote's winner may be caught up with. score, class: (n,).

    The worst move takes e off all of the winner's n_1 scores, down to 0, and adds e to all n_c of
    another class, up to 1. Without these bounds they meet at (T_1 - T_c) / (n_1 + n_c), with sums T
    of scores; with them at the root of

        sum_(i in 1) max(s_i - e, 0) - sum_(j in c) min(s_j + e, 1),

    a falling, piecewise linear function of e, found exactly between its bends. The smallest over
    all other classes c.
    """
    groups = [score[own] for own in _members(answer_class)]
    if not groups:
        return float("nan")
    groups.sort(key=lambda own: float(own.sum()), reverse=True)
    return min((_meeting(groups[0], other) for other in groups[1:]), default=float("inf"))


def _members(answer_class: IntArray) -> list[IntArray]:
    return [np.flatnonzero(answer_class == c) for c in np.unique(answer_class) if c >= 0]


def _meeting(top: FloatArray, other: FloatArray) -> float:
    """The least e from 0 to 1 at which the lowered sum of `top` is that of the raised `other`."""
    bends = np.unique(np.concatenate([[0.0], top, 1 - other, [1.0]]))
    lowered = np.maximum(top - bends[:, None], 0).sum(axis=1)
    raised = np.minimum(other + bends[:, None], 1).sum(axis=1)
    gap = lowered - raised  # at 1 it is -n_c
    after = int(np.argmax(gap <= 1e-12))
    if after == 0:
        return 0.0
    high, low = gap[after - 1], gap[after]
    return float(bends[after - 1] + high / (high - low) * (bends[after] - bends[after - 1]))
