"""Which solutions a verdict more may still help to win, and who wins by the verdicts there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.policies import plurality

Said = Sequence[Sequence[float | None]]
"""Of each solution the scores so far, from 0 to 1; None where one was unreadable."""
_ROUND_OFF = 1e-9


def contested(classes: IntArray, said: Said, votes: int, how: str) -> list[int]:
    """Places of the solutions of which a verdict more may change the choice; none: it stands.

    classes: (N,) answer class of each solution, -1 for none. how: `weighted_majority` or
    `best_of_n`.
    """
    low, high = bounds(said, votes)
    known = sorted({int(one) for one in classes if one >= 0})
    worst = {c: _merit(low[classes == c], how) for c in known}
    best = {c: _merit(high[classes == c], how) for c in known}
    if len(known) < 2:
        return []
    leader = max(known, key=lambda c: worst[c])
    rivals = {c for c in known if c != leader and best[c] >= worst[leader] - _ROUND_OFF}
    open_ = rivals | {leader} if rivals else set()
    return [i for i, c in enumerate(classes.tolist()) if c in open_ and len(said[i]) < votes]


def bounds(said: Said, votes: int) -> tuple[FloatArray, FloatArray]:
    """(N,) least and largest mean score that each solution may have with `votes` verdicts.

    Unreadable ones are dropped from the mean, so those to come may all be 0, or all be 1.
    """
    read = [[one for one in own if one is not None] for own in said]
    total = np.array([sum(own) for own in read], dtype=np.float64)
    left = np.array([votes - len(own) for own in said], dtype=np.float64)
    most = np.maximum(left + [len(own) for own in read], 1.0)
    return total / most, (total + left) / most


def chosen(classes: IntArray, said: Said, how: str) -> int:
    """The answer by the verdicts that there are; without any, that of most solutions."""
    read = [[one for one in own if one is not None] for own in said]
    if not any(said):
        return plurality(classes)
    means = np.array([sum(own) / len(own) if own else 0.0 for own in read])
    judged = np.array([bool(own) for own in said])
    if how == "best_of_n":
        means = np.where(judged & (classes >= 0), means, -1.0)
        return int(classes[int(np.argmax(means))])
    return plurality(classes, np.where(judged, means, np.nan))


def _merit(scores: FloatArray, how: str) -> float:
    return float(scores.max() if how == "best_of_n" else scores.sum())
