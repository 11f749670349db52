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
    """The budgets from which on the population's mean gap may be above 0 for good.

    gaps: (problems, budgets), of what each problem contributes (`by_problem`); budgets: ascending.
    Where the true gap crosses 0, its interval has 0 in it as often as `difference_interval` says
    (Fieller 1954); so the set of such budgets has the crossing in it, also where resamples all
    agree, near success 0 and 1. It begins after the last budget at which the gap is surely below:
    what is equal before that crosses nothing. Infinite at its upper end where the gap may be 0, or
    is below, at the last budget, and NaN where it is above at all.
    """
    low, high = difference_interval(gaps, level, clusters)
    may = np.flatnonzero((low <= 0) & (high >= 0))
    behind = np.flatnonzero(high < 0)
    if not len(may) and not len(behind):
        return float("nan"), float("nan")
    end = int(may[-1]) if len(may) else int(behind[-1])
    end = max(end, int(behind[-1])) if len(behind) else end
    last = float("inf") if end == len(budgets) - 1 else float(budgets[end + 1])
    start = int(behind[-1]) if len(behind) else max(0, int(may[0]) - 1)
    return float(budgets[start]), last
