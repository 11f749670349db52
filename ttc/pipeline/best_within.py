"""The best allocation within a budget, judged on problems that it was not chosen by.

The one way in which `show`, `fit-scaling`, `recommend` and `contrast` choose, with the same
resamples of problems, so that they say the same of the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import (
    FEWEST,
    LEVEL,
    difference_interval,
    few_problems,
    mean_interval,
    resamples,
)
from ttc.errors import DataError
from ttc.pipeline.interval import Interval

DRAWS = 500
"""Resamples of problems, unless others are asked for."""


@dataclass(frozen=True)
class Problems:
    """How problems are resampled. weights: (draws, problems); clusters: (problems,) of those made
    together, None for none; level: of intervals.
    """

    weights: FloatArray
    clusters: IntArray | None = None
    level: float = LEVEL

    @classmethod
    def of(
        cls,
        count: int,
        seed: int,
        draws: int = DRAWS,
        clusters: IntArray | None = None,
        level: float = LEVEL,
    ) -> Problems:
        """So many problems."""
        rng = np.random.default_rng([seed, 1])
        return cls(resamples(count, draws, rng, clusters), clusters, level)

    @property
    def units(self) -> int:
        """Problems, or clusters of them."""
        if self.clusters is None:
            return int(self.weights.shape[1])
        return len(set(self.clusters.tolist()))

    @property
    def warning(self) -> str | None:
        """What is to be said of so few."""
        return few_problems(self.units)

    def require(self) -> None:
        """Raise `DataError` where nothing can be said of other problems."""
        if self.units < FEWEST:
            noun = "problems" if self.clusters is None else "clusters of problems"
            raise DataError(
                f"{self.units} {noun} give no interval; this needs three, better a hundred"
            )


@dataclass(frozen=True)
class Chosen:
    """A cell. values: (problems,) its success there; success: expected on new problems, out of bag
    where the cell was chosen; winners: (draws,) what each resample chose.
    """

    place: int
    values: FloatArray
    success: Interval
    winners: NDArray[np.intp]


def choose(cells: Cells, among: Sequence[int], problems: Problems) -> Chosen:
    """The best of some cells, the first of equals: give the cheapest first."""
    winner = cells.best(np.asarray(among))
    values = cells.success[:, winner.place]
    ends = mean_interval(values, problems.level, problems.clusters)
    success = moved(winner.expected, winner.success, ends, (0, 1))
    return Chosen(winner.place, values, success, winner.winners)


def affordable(cost: FloatArray, budget: float, among: Sequence[int] | None = None) -> list[int]:
    """Cells within a budget, the cheapest first. cost: (cells,); among: some of them."""
    inside = [
        i for i in (range(len(cost)) if among is None else among) if cost[i] <= budget * (1 + 1e-9)
    ]
    return sorted(inside, key=lambda i: float(cost[i]))


def gap(first: Chosen, second: Chosen, problems: Problems, level: float | None = None) -> Interval:
    """What the second succeeds more often than the first, on new problems."""
    values = second.values - first.values
    ends = difference_interval(values, level or problems.level, problems.clusters)
    expected = second.success.estimate - first.success.estimate
    return moved(expected, float(values.mean()), ends, (-1, 1))


def moved(
    expected: float, measured: float, ends: tuple[FloatArray, FloatArray], bounds: tuple[int, int]
) -> Interval:
    """The interval of what was measured, stretched to that around what is expected: moved alone, an
    end near a bound would leave out what is possible.
    """
    shift = expected - measured
    low, high = float(ends[0] + min(shift, 0.0)), float(ends[1] + max(shift, 0.0))
    low, high = (float(np.clip(end, *bounds)) for end in (low, high))
    return Interval(expected, low, high)
