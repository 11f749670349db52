"""Compute-optimal allocation on a grid, and the power laws that it follows.

A grid procedure like that of "When To Solve, When To Verify" (arXiv 2504.01005), as far as its
code and the summaries of its text show: the success surface over S and V, the cost
C = S(1 + lambda V) of each cell, the best cell within each budget, and a least-squares line in
log-log space through the best cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray


@dataclass(frozen=True)
class LinearCost:
    """Cost of S solutions with V verifications each: fixed + S (solution + verification V).

    In the paper's unit C these are 0, 1 and lambda; in tokens, FLOPs, USD, calls or seconds
    `fixed` is what is paid once for each problem, such as a prompt that samples share.
    """

    fixed: float = 0.0
    solution: float = 1.0
    verification: float = 0.0

    def __call__(self, S: FloatArray | IntArray, V: FloatArray | IntArray) -> FloatArray:
        """Cost of S and V, which broadcast."""
        sizes, depths = np.asarray(S, np.float64), np.asarray(V, np.float64)
        return np.asarray(self.fixed + sizes * (self.solution + self.verification * depths))

    def sizes(self, budget: FloatArray, V: FloatArray) -> FloatArray:
        """The S, a real number, whose cost with V verifications is the budget."""
        return np.asarray((budget - self.fixed) / (self.solution + self.verification * V))


@dataclass(frozen=True)
class Frontier:
    """The best cells by rising budget: each succeeds more often than all cheaper ones.

    cost: (F,); S, V: (F,) the cell; success: (F,), ascending as the cost is.
    """

    cost: FloatArray
    S: IntArray
    V: IntArray
    success: FloatArray

    def at(self, budget: FloatArray) -> FloatArray:
        """Success at each budget, between cells on a line over log cost; NaN below the cheapest.

        Powers of two are a coarse ladder: S and V between them lie near that line, and a quantity
        that jumps from rung to rung has no useful interval. A larger budget need not be spent, so
        beyond the dearest of the best cells success stays.
        """
        between = np.interp(np.log(budget), np.log(self.cost), self.success)
        return np.where(budget >= self.cost[0] * (1 - 1e-9), between, np.nan)

    def reach(self, success: float) -> float:
        """The least cost at which `at` reaches a success; infinite where it never does."""
        if not len(self.success) or success > self.success[-1]:
            return float("inf")
        if success <= self.success[0]:
            return float(self.cost[0])
        return float(np.exp(np.interp(success, self.success, np.log(self.cost))))

    def inner(self, largest_s: int, largest_v: int) -> Frontier:
        """Without cells at the upper edge of the grid, where the pool and not compute is the limit.

        All of it where fewer than two cells would be left.
        """
        kept = (largest_s > self.S) & (largest_v > self.V)
        if np.count_nonzero(kept) < 2:
            return self
        return Frontier(self.cost[kept], self.S[kept], self.V[kept], self.success[kept])


@dataclass(frozen=True)
class PowerLaw:
    """y = exp(intercept) * C ** exponent; NaN where fewer than two distinct costs were seen."""

    exponent: float
    intercept: float

    def __call__(self, cost: FloatArray) -> FloatArray:
        return np.asarray(np.exp(self.intercept) * cost**self.exponent)


def frontier(success: FloatArray, cost: FloatArray, S: IntArray, V: IntArray) -> Frontier:
    """Cells that no cheaper or equally cheap cell matches. success, cost: (S, V), NaN unavailable.

    Among cells of equal cost and success the one with fewer verifications is kept.
    """
    i, j = np.nonzero(~np.isnan(success))
    order = np.lexsort((j, -success[i, j], cost[i, j]))
    i, j = i[order], j[order]
    value = success[i, j]
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(value)[:-1]])
    kept = value > best_before
    i, j = i[kept], j[kept]
    return Frontier(cost[i, j], np.asarray(S)[i], np.asarray(V)[j], success[i, j])


def fit_power_law(cost: FloatArray, value: FloatArray | IntArray) -> PowerLaw:
    """Least squares of log value on log cost."""
    usable = (cost > 0) & (value > 0)
    x, y = np.log(cost[usable]), np.log(np.asarray(value, dtype=np.float64)[usable])
    if len(x) < 2 or np.ptp(x) == 0:
        return PowerLaw(float("nan"), float("nan"))
    centred = x - x.mean()
    slope = float(centred @ y / (centred @ centred))
    return PowerLaw(slope, float(y.mean() - slope * x.mean()))
