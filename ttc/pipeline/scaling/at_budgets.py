"""The best allocation of each side at stated budgets, and what verification gains there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import Setting
from ttc.analysis.many import pointwise_level
from ttc.pipeline.best_within import Chosen, Problems, affordable, choose, gap
from ttc.pipeline.interval import UNKNOWN, Interval, plain


@dataclass(frozen=True)
class Bought:
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
    voted: Bought
    verified: Bought
    gain: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": plain(self.budget),
            "voted": self.voted.as_dict(),
            "verified": self.verified.as_dict(),
            "gain": self.gain.as_dict(),
        }


def doublings(start: float, stop: float) -> tuple[float, ...]:
    """Round budgets, each about twice the one before, and the last one."""
    count = int(np.log2(stop / start) + 1e-9) + 1
    steps = {_rounded(start * 2.0**i) for i in range(count)}
    return (*sorted(step for step in steps if start <= step < stop), stop)


def _rounded(value: float) -> float:
    """Two digits: 128, 260 and 510 are 130, 260 and 510."""
    return float(f"{value:.2g}")


@dataclass(frozen=True)
class _Side:
    """The cells of a method. sizes: S and V of each; cost: (cells,)."""

    cells: Cells
    sizes: Sequence[tuple[int, int]]
    cost: FloatArray
    problems: Problems

    def within(self, budget: float) -> Chosen | None:
        inside = affordable(self.cost, budget)
        return choose(self.cells, inside, self.problems) if inside else None

    def told(self, best: Chosen | None) -> Bought:
        if best is None:
            return Bought(0, 0, math.nan, UNKNOWN)
        s, v = self.sizes[best.place]
        return Bought(s, v, float(self.cost[best.place]), best.success)


@dataclass(frozen=True)
class Sides:
    """Voting and verified selection of one run, to be compared within budgets."""

    votes: _Side
    judged: _Side
    problems: Problems

    @classmethod
    def of(
        cls, voted: FloatArray, verified: FloatArray, setting: Setting, problems: Problems
    ) -> Sides:
        """voted: (problems, S); verified: (problems, S, V), NaN unavailable."""
        known = np.argwhere(~np.isnan(verified).any(axis=0))
        votes = _Side(
            Cells(voted, problems.weights),
            [(int(s), 0) for s in setting.S],
            setting.voting(setting.S, np.zeros(1)),
            problems,
        )
        judged = _Side(
            Cells(verified[:, known[:, 0], known[:, 1]], problems.weights),
            [(int(setting.S[i]), int(setting.V[j])) for i, j in known],
            setting.costs[known[:, 0], known[:, 1]],
            problems,
        )
        return cls(votes, judged, problems)

    def at_budgets(self, budgets: Sequence[float], last: float) -> tuple[AtBudget, ...]:
        """What each budget buys. last: the largest cost at which the two can be compared."""
        pairs = [(self.votes.within(b), self.judged.within(b)) for b in budgets]
        comparable = [b <= last * (1 + 1e-9) for b in budgets]
        differences = [
            y.values - x.values
            for (x, y), same in zip(pairs, comparable, strict=True)
            if x and y and same
        ]
        together = self.problems.level
        if len(differences) > 1:
            values = np.stack(differences, axis=1)
            together = pointwise_level(values, self.problems.weights, self.problems.level)
        return tuple(
            AtBudget(
                budget,
                self.votes.told(x),
                self.judged.told(y),
                gap(x, y, self.problems, together) if x and y and same else UNKNOWN,
            )
            for budget, (x, y), same in zip(budgets, pairs, comparable, strict=True)
        )

    def at_their_best(self, rising: bool) -> AtBudget:
        """The best of all cells of either side, whatever it costs, and the gain.

        rising: the vote has no best within the pool, so there is no gain over it.
        """
        x, y = self.votes.within(math.inf), self.judged.within(math.inf)
        assert x is not None
        assert y is not None
        gained = UNKNOWN if rising else gap(x, y, self.problems)
        return AtBudget(math.inf, self.votes.told(x), self.judged.told(y), gained)
