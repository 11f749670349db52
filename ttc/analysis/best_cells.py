"""The best of several allocations on a set of problems, and what it is worth on others.

The success of a winner flatters, as that of any winner does: it was chosen for doing well on these
problems. What it does on problems it was not chosen by is measured out of bag: each resample of the
problems chooses its own winner, which is tried on the problems that are not in the resample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import FloatArray

_ROUND_OFF = 1e-9


@dataclass(frozen=True)
class Winner:
    """place: of the best cell; success: its mean on the problems that chose it; expected: on
    others.

    winners: (draws,) each resample's own place.
    """

    place: int
    success: float
    expected: float
    winners: NDArray[np.intp]


def _first_best(success: FloatArray) -> NDArray[np.intp]:
    """(rows,) the first place that is within round-off of the best of its row."""
    best = success.max(axis=1, keepdims=True)
    return np.asarray((success >= best - _ROUND_OFF).argmax(axis=1))


@dataclass(frozen=True)
class Cells:
    """Allocations to choose from. success: (problems, cells) without NaN; weights: (draws,
    problems) of resamples, the same for all that are to be compared.
    """

    success: FloatArray
    weights: FloatArray

    @cached_property
    def mean(self) -> FloatArray:
        return np.asarray(self.success.mean(axis=0))

    @cached_property
    def drawn(self) -> FloatArray:
        """(draws, cells) mean success on each resample."""
        return np.asarray(self.weights @ self.success)

    @cached_property
    def outside(self) -> FloatArray:
        """(draws, cells) mean success on the problems that are not in each resample, else NaN."""
        absent = (self.weights == 0).astype(np.float64)
        count = absent.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.where(count > 0, absent @ self.success / count, np.nan))

    def best(self, among: NDArray[np.intp]) -> Winner:
        """The winner among some cells, the first of equals (round-off makes no winner)."""
        place = int(among[_first_best(self.mean[None, among])[0]])
        winners = among[_first_best(self.drawn[:, among])]
        # What one and the same cell shows out of bag, on average its mean, is noise to take off.
        told = self.outside[np.arange(len(winners)), winners] - self.outside[:, place]
        known = told[~np.isnan(told)]
        success = float(self.mean[place])
        expected = success + float(known.mean()) if len(known) else float("nan")
        return Winner(place, success, expected, winners)
