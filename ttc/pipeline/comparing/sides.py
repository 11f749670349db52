"""A method's cells as something to choose from, and two methods at equal compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import difference_interval
from ttc.analysis.many import pointwise_level
from ttc.analysis.overtaking import overtaking
from ttc.pipeline.best_within import Chosen, Problems, affordable, choose, gap
from ttc.pipeline.comparing.methods import Method
from ttc.pipeline.comparing.result import Overtakes
from ttc.pipeline.interval import Interval

_MOST_KNOTS = 60
_BEYOND = 1.1
"""A pool ends below a budget that is so many times its dearest cell."""


@dataclass(frozen=True)
class Side:
    """A method with the resamples of problems that all sides share."""

    method: Method
    unit: str
    problems: Problems

    @cached_property
    def costs(self) -> FloatArray:
        return self.method.costs(self.unit)

    @cached_property
    def cells(self) -> Cells:
        return Cells(self.method.success, self.problems.weights)

    def within(self, budget: float) -> Chosen | None:
        """The best cell within a budget; None where it buys none."""
        inside = affordable(self.costs, budget)
        return choose(self.cells, inside, self.problems) if inside else None

    def at(self, samples: int) -> Chosen | None:
        """The best cell of S solutions, whatever it costs; None where there is none."""
        sizes, told = self.method.sizes, self.method.told
        own = [i for i, (s, _) in enumerate(sizes) if told or s == samples]
        own.sort(key=lambda i: (sizes[i][1] or 0, i))
        return choose(self.cells, own, self.problems) if own else None

    @cached_property
    def dearest(self) -> float:
        return float(np.nanmax(self.costs))

    @cached_property
    def rises(self) -> bool:
        """Whether the last doubling of its compute still brings more, surely."""
        half = affordable(self.costs, self.dearest / 2)
        if not half:
            return len(self.method.rows) > 1
        mean = self.cells.mean
        best, before = int(np.argmax(mean)), half[int(np.argmax(mean[half]))]
        gained = self.method.success[:, best] - self.method.success[:, before]
        low, _ = difference_interval(gained, self.problems.level, self.problems.clusters)
        return bool(low > 0)

    def ends_below(self, budget: float) -> bool:
        """Whether more samples than it has might do better within this budget."""
        return budget > self.dearest * _BEYOND and self.rises

    @cached_property
    def steps(self) -> list[float]:
        """The budgets at which another cell becomes the best."""
        order = affordable(self.costs, float("inf"))
        best, found = -1.0, []
        for i in order:
            value = float(self.cells.mean[i])
            if value > best + 1e-9:
                best = value
                found.append(float(self.costs[i]))
        return found


def difference(first: Side, second: Side, budget: float) -> Interval | None:
    """What the second succeeds more often within a budget; None where that buys one of them not."""
    a, b = first.within(budget), second.within(budget)
    return None if a is None or b is None else gap(a, b, first.problems)


def overtakes(base: Side, other: Side, last: float) -> Overtakes:
    """From where on the other stays ahead of the base, and the base of it, up to `last`."""
    start = max(float(base.costs.min()), float(other.costs.min()))
    steps = {start, *base.steps, *other.steps}
    budgets = np.array(sorted(b for b in steps if start <= b <= last * (1 + 1e-9)))
    if len(budgets) > _MOST_KNOTS:
        chosen = np.unique(np.linspace(0, len(budgets) - 1, _MOST_KNOTS).round().astype(int))
        budgets = budgets[chosen]
    gaps = [difference(base, other, float(budget)) for budget in budgets]
    there = [one for one in gaps if one is not None]
    gap_, low, high = (
        np.array([getattr(one, name) for one in there]) for name in ("estimate", "low", "high")
    )
    ahead = overtaking(gap_, low, high, budgets)
    behind = overtaking(-gap_, -high, -low, budgets)
    return Overtakes(Interval(*ahead), Interval(*behind), start, last)


def band(base: Side, other: Side, budgets: Sequence[float]) -> FloatArray:
    """(budgets, 2) ends of the difference's intervals that hold for all budgets together (max-t);
    NaN where a budget buys one of them not.
    """
    found = np.full((len(budgets), 2), np.nan)
    pairs = [(base.within(b), other.within(b)) for b in budgets]
    there = [(i, a, b) for i, (a, b) in enumerate(pairs) if a is not None and b is not None]
    if not there:
        return found
    problems = base.problems
    values = np.stack([b.values - a.values for _, a, b in there], axis=1)
    level = pointwise_level(values, problems.weights, problems.level)
    for i, a, b in there:
        one = gap(a, b, problems, level)
        found[i] = one.low, one.high
    return found
