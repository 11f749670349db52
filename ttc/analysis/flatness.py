"""Whether success depends on S or V at all, before anything is said of how.

An exponent can be fitted to noise, and to nothing: where no problem is solved, a verifier says Yes
to everything or all samples are the same, the best cell is the first of equals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import LEVEL

_ROUND_OFF = 1e-9


@dataclass(frozen=True)
class Flatness:
    """range: of mean success over cells; chance: what the range stays below with 95 % where all
    cells have one success and differ by the choice of problems alone.
    """

    range: float
    chance: float

    @property
    def flat(self) -> bool:
        return self.range <= max(self.chance, _ROUND_OFF)


def flatness(cells: FloatArray, weights: FloatArray) -> Flatness:
    """The range of mean success against its bootstrap error.

    cells: (problems, cells) success, NaN cells left out; weights: (draws, problems) of resamples.
    """
    known = cells[:, ~np.isnan(cells).any(axis=0)]
    if known.shape[1] < 2:
        return Flatness(0.0, 0.0)
    mean = known.mean(axis=0)
    drawn = weights @ known - mean
    return Flatness(float(np.ptp(mean)), float(np.quantile(np.ptp(drawn, axis=1), LEVEL)))


def telling(changes: FloatArray) -> float:
    """On how many problems a mean rests: (sum |c|)^2 / sum c^2 of each one's part, (problems,).

    Where nearly all problems are solved, or nearly none, few are left that say how success grows;
    resamples then agree more than new problems would.
    """
    squares = float(changes @ changes)
    return float(np.abs(changes).sum()) ** 2 / squares if squares > 0 else 0.0


@dataclass(frozen=True)
class Dependence:
    """Of success on S and V together; on S alone, at each V; on V alone, at each S.

    telling: on how many problems the rise from one solution to the best cell rests; unsolved: on
    how many what the best cell fails at.
    """

    both: Flatness
    on_s: Flatness
    on_v: Flatness
    telling: float
    unsolved: float


def dependence(success: FloatArray, weights: FloatArray) -> Dependence:
    """Tests of one surface. success: (problems, S, V), ascending from 1 each, NaN unavailable."""
    nothing = np.zeros((len(success), 1))

    def tested(change: FloatArray) -> Flatness:
        return flatness(np.hstack([nothing, change.reshape(len(success), -1)]), weights)

    mean = success.mean(axis=0)
    best = np.unravel_index(np.nanargmax(mean), mean.shape)
    return Dependence(
        both=flatness(success.reshape(len(success), -1), weights),
        on_s=tested(success - success[:, :1]),
        on_v=tested(success - success[:, :, :1]),
        telling=telling(success[:, best[0], best[1]] - success[:, 0, 0]),
        unsolved=telling(1 - success[:, best[0], best[1]]),
    )
