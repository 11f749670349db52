"""From where verification is ahead of the vote, and whether the vote has come to its end."""

from __future__ import annotations

import math

import numpy as np

from ttc.analysis.contributions import by_problem, crossing_interval
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.fitting import Analysis
from ttc.analysis.intervals import difference_interval
from ttc.pipeline.best_within import Problems
from ttc.pipeline.interval import Interval

_POINTS = 400  # budgets at which the two are compared


def still_rises(voted: FloatArray, problems: Problems, margin: float) -> bool:
    """Whether the last doubling of S still brings the vote more than the margin, surely.

    voted: (problems, S).
    """
    if voted.shape[1] < 2:
        return True
    last = voted[:, -1] - voted[:, -2]
    low, _ = difference_interval(last, problems.level, problems.clusters)
    return bool(low > 0 and last.mean() > margin)


def ahead_from(
    voted: FloatArray,
    verified: FloatArray,
    S: IntArray,
    V: IntArray,
    whole: Analysis,
    problems: Problems,
) -> Interval:
    """The crossover, with the budgets at which verification and the vote may be equal.

    voted: (problems, S); verified: (problems, S, V); whole: the fit of their means. Resamples don't
    tell near success 0 and 1, where they agree; intervals of gaps do.
    """
    at, first = whole.comparison.crossover, float(whole.verified.cost[0])
    if first >= whole.last:
        return Interval(at, at, at)
    budgets = np.geomspace(first, whole.last, _POINTS)
    none = np.zeros(1, dtype=np.int64)
    gaps = by_problem(whole.verified, verified, S, V, budgets)
    gaps = gaps - by_problem(whole.voted, voted[:, :, None], S, none, budgets)
    low, high = crossing_interval(gaps, budgets, problems.level, problems.clusters)
    if math.isnan(low):  # ahead all along
        return Interval(at, at, at)
    return Interval(at, min(low, at), max(high, at))
