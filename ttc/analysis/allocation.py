"""Compute-optimal S and V as real numbers, from a surface that can be evaluated between cells.

Two surfaces are at hand: the law of `surface`, and the cells of a grid with a cubic spline between
them (over log S and log V), which needs no law and shows what the grid's coarseness alone does to
exponents. Exponents are slopes of log S and log V over log cost along the path of optima, from the
least budget that pays for two solutions with a verification each up to where the path leaves the
pool: there the pool and not compute is the limit. Paths bend, so where they end matters; resamples
of problems follow the path to the same budget, and an interval is for the exponent up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.scaling import LinearCost, PowerLaw, fit_power_law

Surface = Callable[[FloatArray, FloatArray], FloatArray]
_STEPS = 6  # budgets to a doubling
_DEPTHS = 121  # values of V that are tried
_EDGE = 0.98  # of the largest S or V; beyond, the optimum may lie outside


@dataclass(frozen=True)
class Path:
    """Best allocation by rising budget: cost, S, V and success, (B,) each."""

    cost: FloatArray
    S: FloatArray
    V: FloatArray
    success: FloatArray

    def laws(self) -> tuple[PowerLaw, PowerLaw]:
        """Power laws of S and of V; NaN where the path is shorter than a doubling."""
        if len(self.cost) <= _STEPS:
            nothing = PowerLaw(float("nan"), float("nan"))
            return nothing, nothing
        return fit_power_law(self.cost, self.S), fit_power_law(self.cost, self.V)


def optimal_path(
    surface: Surface, cost: LinearCost, S_max: int, V_max: int, last: float | None = None
) -> Path:
    """The path of optima for 1 <= S <= S_max and 1 <= V <= V_max, up to the pool's upper edge.

    last: the largest budget, in place of where the path meets that edge.
    """
    start, stop = cost(np.array([2, S_max]), np.array([1, V_max])).tolist()
    if not stop > start > 0:
        return Path(*(np.zeros(0) for _ in range(4)))
    count = max(2, int(np.log2(stop / start) * _STEPS) + 1)
    budgets = start * 2.0 ** (np.arange(count) / _STEPS)
    depths = np.geomspace(1.0, V_max, _DEPTHS)
    sizes = cost.sizes(budgets[:, None], depths[None, :])
    inside = (sizes >= 1) & (sizes <= S_max)
    tried = surface(np.clip(sizes, 1, S_max), np.broadcast_to(depths, sizes.shape))
    value = np.where(inside, tried, -np.inf)
    best = value.argmax(axis=1)
    rows = np.arange(count)
    s, v = sizes[rows, best], depths[best]
    left = (s > _EDGE * S_max) | (v > _EDGE * V_max)
    if last is not None:
        left = budgets > last * (1 + 1e-9)
    left |= ~inside.any(axis=1)
    end = int(np.argmax(left)) if left.any() else count
    return Path(budgets[:end], s[:end], v[:end], value[rows, best][:end])


def interpolated(success: FloatArray, S: IntArray, V: IntArray) -> Surface | None:
    """A spline through the cells over log S and log V, cubic where there are four values or more.

    success: (S, V). None where a cell is missing, or there are fewer than two values of S or V.
    """
    from scipy.interpolate import RectBivariateSpline

    if min(success.shape) < 2 or np.isnan(success).any():
        return None
    order = [min(3, n - 1) for n in success.shape]
    spline = RectBivariateSpline(np.log(S), np.log(V), success, kx=order[0], ky=order[1])

    def surface(sizes: FloatArray, depths: FloatArray) -> FloatArray:
        return np.asarray(spline.ev(np.log(sizes), np.log(depths)))

    return surface


def best_within(surface: Surface, cost: LinearCost, budget: float) -> tuple[float, float, float]:
    """S, V and success of the optimum within one budget, without the bounds of a pool.

    A budget that does not pay for a solution with one verification gives S below 1: NaN success.
    """
    most = max(1.0, float(cost.sizes(np.array(budget), np.array(1.0))))
    depths = np.geomspace(1.0, 4 * most + 1, 4 * _DEPTHS)
    sizes = cost.sizes(np.array(budget), depths)
    inside = sizes >= 1
    if not inside.any():
        return float("nan"), float("nan"), float("nan")
    success = surface(sizes[inside], depths[inside])
    best = int(success.argmax())
    return float(sizes[inside][best]), float(depths[inside][best]), float(success[best])
