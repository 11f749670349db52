"""What each problem contributes to a frontier at a budget, so that gains are means over problems.

Success at a budget lies on a line between two of the best cells (`Frontier.at`), so it is the mean
over problems of the same line between their own success at these cells. Means and differences of
these have the intervals and the test of `ttc.analysis.intervals`, which hold near 0 and 1,
where all resamples of a pool may agree. Which cells are best is taken as given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL, difference_interval
from ttc.analysis.scaling import Frontier


def by_problem(
    frontier: Frontier, values: FloatArray, S: IntArray, V: IntArray, budgets: FloatArray
) -> FloatArray:
    """(problems, budgets) each problem's part of `frontier.at(budgets)`, which is their mean.

    values: (problems, S, V), whose means the frontier is of; S, V: the grid's, ascending. NaN below
    the cheapest cell.
    """
    cells = values[:, np.searchsorted(S, frontier.S), np.searchsorted(V, frontier.V)]
    place = np.interp(np.log(budgets), np.log(frontier.cost), np.arange(len(frontier.cost)))
    left = np.floor(place).astype(np.int64)
    right = np.minimum(left + 1, len(frontier.cost) - 1)
    part = place - left
    between = (1 - part) * cells[:, left] + part * cells[:, right]
    return np.where(budgets >= frontier.cost[0] * (1 - 1e-9), between, np.nan)


def crossing_interval(
    gaps: FloatArray,
    budgets: FloatArray,
    level: float = LEVEL,
    clusters: ArrayLike | None = None,
) -> tuple[float, float]:
    """From the first to the last budget at which the population's mean gap may be 0.

    gaps: (problems, budgets), of what each problem contributes (`by_problem`); budgets: ascending.
    Where the true gap crosses 0, its interval has 0 in it as often as `difference_interval` says
    (Fieller 1954); so the set of such budgets has the crossing in it, also where resamples all
    agree, near success 0 and 1. Infinite at its upper end where the gap may be 0 up to the last
    budget, and NaN where it is nowhere.
    """
    low, high = difference_interval(gaps, level, clusters)
    may = np.flatnonzero((low <= 0) & (high >= 0))
    if not len(may):
        return float("nan"), float("nan")
    last = float("inf") if may[-1] == len(budgets) - 1 else float(budgets[may[-1] + 1])
    return float(budgets[max(0, may[0] - 1)]), last
