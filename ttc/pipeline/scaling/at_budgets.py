"""The best allocation of each side at stated budgets, and what verification gains there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.best_cells import Cells, Winner
from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import Setting
from ttc.analysis.intervals import difference_interval, mean_interval
from ttc.analysis.many import pointwise_level
from ttc.pipeline.scaling.quantities import UNKNOWN, Interval, plain


@dataclass(frozen=True)
class Chosen:
    """An allocation; success: expected on new problems, corrected for having been chosen on these.

    S is 0 where the budget buys nothing of the kind.
    """

    S: int
    V: int
    cost: float
    success: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "S": self.S,
            "V": self.V,
            "cost": plain(self.cost),
            "success": self.success.as_dict(),
        }


@dataclass(frozen=True)
class AtBudget:
    """Within one budget: the vote's best S, the verified policy's best S and V, and the gain.

    gain: of the second over the first, both out of bag; NaN where one of them buys nothing, or the
    vote still rises where it was last measured. Intervals of gains hold together for all budgets
    that are stated.
    """

    budget: float
    voted: Chosen
    verified: Chosen
    gain: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": self.budget,
            "voted": self.voted.as_dict(),
            "verified": self.verified.as_dict(),
            "gain": self.gain.as_dict(),
        }


def doublings(setting: Setting, surface: FloatArray) -> tuple[float, ...]:
    """Round budgets, each about twice the one before, and what the dearest cell costs."""
    start = float(setting.voting(np.array(1), np.array(0)))
    stop = float(setting.costs[~np.isnan(surface)].max())
    count = int(np.log2(stop / start) + 1e-9) + 1
    steps = {_rounded(start * 2.0**i) for i in range(count)}
    return (*sorted(step for step in steps if start <= step < stop), stop)


def _rounded(value: float) -> float:
    """Two digits: 128, 260 and 510 are 130, 260 and 510."""
    return float(f"{value:.2g}")


def at_budgets(
    voted: FloatArray,
    verified: FloatArray,
    setting: Setting,
    budgets: Sequence[float],
    last: float,
    weights: FloatArray,
    clusters: ArrayLike | None,
    level: float,
) -> tuple[AtBudget, ...]:
    """What each budget buys. voted: (problems, S); verified: (problems, S, V), NaN unavailable.

    last: the largest cost at which the two can be compared; weights: (draws, problems).
    """
    v_costs = setting.voting(setting.S, np.zeros(1))
    known = np.argwhere(~np.isnan(verified).any(axis=0))
    costs = setting.costs[known[:, 0], known[:, 1]]
    votes = Cells(voted, weights)
    judged = Cells(verified[:, known[:, 0], known[:, 1]], weights)

    def winner(cells: Cells, cost: FloatArray, budget: float) -> Winner | None:
        inside = np.flatnonzero(cost <= budget * (1 + 1e-9))
        inside = inside[np.argsort(cost[inside], kind="stable")]
        return cells.best(inside) if len(inside) else None

    pairs = [(winner(votes, v_costs, b), winner(judged, costs, b)) for b in budgets]
    comparable = [b <= last * (1 + 1e-9) for b in budgets]
    differences = [
        judged.success[:, y.place] - votes.success[:, x.place]
        for (x, y), same in zip(pairs, comparable, strict=True)
        if x and y and same
    ]
    together = level
    if len(differences) > 1:
        together = pointwise_level(np.stack(differences, axis=1), weights, level)
    found = []
    for budget, (x, y), same in zip(budgets, pairs, comparable, strict=True):
        gain = UNKNOWN
        if x and y and same:
            values = judged.success[:, y.place] - votes.success[:, x.place]
            ends = difference_interval(values, together, clusters)
            gain = _moved(y.expected - x.expected, float(values.mean()), ends, (-1, 1))
        found.append(
            AtBudget(
                budget,
                _chosen(x, votes, [(int(s), 0) for s in setting.S], v_costs, clusters, level),
                _chosen(
                    y, judged, [(int(setting.S[i]), int(setting.V[j])) for i, j in known], costs,
                    clusters, level,
                ),
                gain,
            )
        )  # fmt: skip
    return tuple(found)


def _chosen(
    winner: Winner | None,
    cells: Cells,
    sizes: Sequence[tuple[int, int]],
    costs: FloatArray,
    clusters: ArrayLike | None,
    level: float,
) -> Chosen:
    if winner is None:
        return Chosen(0, 0, float("nan"), UNKNOWN)
    ends = mean_interval(cells.success[:, winner.place], level, clusters)
    success = _moved(winner.expected, winner.success, ends, (0, 1))
    return Chosen(*sizes[winner.place], float(costs[winner.place]), success)


def _moved(
    expected: float, measured: float, ends: tuple[FloatArray, FloatArray], bounds: tuple[int, int]
) -> Interval:
    """The interval of what was measured, moved to what is expected."""
    low, high = (float(np.clip(end + expected - measured, *bounds)) for end in ends)
    return Interval(expected, low, high)
