"""Intervals, over problems, of figures that are functions of weighted solutions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL, Ends, bootstrap_interval, resamples

Statistic = Callable[[FloatArray], FloatArray]
"""From (draws, n) weights of solutions to (draws,) or (draws, figures) values."""
_BLOCK = 4_000_000
_SAME = 1e-12


@dataclass(frozen=True)
class Resampling:
    """Bootstrap resamples of problems, or clusters, that all figures of a run share.

    weights: (draws, problems); units: how many problems, or clusters, there are.
    """

    weights: FloatArray
    units: int
    level: float = LEVEL

    @classmethod
    def of(
        cls,
        problems: int,
        draws: int,
        rng: np.random.Generator,
        clusters: ArrayLike | None = None,
        level: float = LEVEL,
    ) -> Resampling:
        """So many resamples of problems (see `ttc.analysis.intervals.resamples`)."""
        units = problems if clusters is None else len(np.unique(np.asarray(clusters)))
        return cls(resamples(problems, draws, rng, clusters), units, level)

    def draws(self, statistic: Statistic, problem: IntArray) -> FloatArray:
        """(draws, ...) the figure under each resample. problem: (n,) the problem of a solution."""
        step = max(1, _BLOCK // max(1, len(problem)))
        # A block is of weights in problems, so that a weight of 1 is a solution that is there once.
        scale = self.weights.shape[1]
        blocks = [
            statistic(scale * self.weights[start : start + step][:, problem])
            for start in range(0, len(self.weights), step)
        ]
        return np.concatenate(blocks)

    def ends(self, estimate: float, drawn: FloatArray, units: int | None = None) -> Ends:
        """The interval of an estimate whose figure was drawn so; units: of problems that tell.

        NaN where all resamples agree: then these problems don't tell how others would do.
        """
        known = self.units if units is None else min(units, self.units)
        told = drawn[~np.isnan(drawn)]
        if len(told) and np.isfinite(told).all() and np.ptp(told) <= _SAME:
            return Ends(float("nan"), float("nan"), len(told) / len(drawn))
        return bootstrap_interval(estimate, drawn, known, self.level)
