"""Whether scores are probabilities: calibration error, reliability diagrams, the Brier score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ttc.analysis.errors import GridError
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray

Binning = Literal["width", "mass"]
"""width: bins of equal width over [0, 1]; mass: of as nearly equal numbers of solutions as ties
let them be, for equal scores stay together."""


def bins_of(score: FloatArray, bins: int, binning: Binning) -> IntArray:
    """(n,) the bin of each score in [0, 1], from 0 to bins - 1; a bin may be empty.

    width: floor(bins score), 1 in the last bin. mass: floor(bins r / n) with r the number of lower
    scores and half of the equal ones. Raises `GridError` for less than one bin.
    """
    if bins < 1:
        raise GridError(f"a reliability diagram needs at least one bin, not {bins}")
    if binning == "width":
        # 0.29 * 100 is 28.999...: what is a bin's lower edge in decimals belongs to it.
        return np.minimum(np.floor(bins * score + 1e-9), bins - 1).astype(np.int64)
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    share = middle / max(len(score), 1)
    return np.minimum((bins * share).astype(np.int64), bins - 1)[place.ravel()]


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram, (..., bins) each: weight of the solutions in a bin, their mean score,
    and the share of them that is right; NaN in an empty bin.
    """

    weight: FloatArray
    score: FloatArray
    right: FloatArray

    @property
    def error(self) -> FloatArray:
        """Expected calibration error, (...): mean over solutions of |share right - mean score| of
        their bin (Naeini et al. 2015). Of finite data it is above 0 even for a calibrated judge.
        """
        gap = np.where(self.weight > 0, np.abs(self.right - self.score), 0.0)
        return np.asarray((self.weight * gap).sum(axis=-1) / self.weight.sum(axis=-1))


def reliability(
    score: FloatArray,
    correct: BoolArray,
    place: IntArray,
    bins: int,
    weights: FloatArray | None = None,
) -> Reliability:
    """score, correct, place: (n,), the last as of `bins_of`; weights: (..., n), 1 unless given."""
    inside = place[:, None] == np.arange(bins)
    weight = np.ones(len(score)) if weights is None else weights
    total = weight @ inside.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Reliability(
            total,
            np.asarray((weight @ (inside * score[:, None])) / total),
            np.asarray((weight @ (inside & correct[:, None]).astype(np.float64)) / total),
        )


@dataclass(frozen=True)
class Brier:
    """The Brier score and its parts, (...) each: score = reliability - resolution + uncertainty +
    within (Murphy 1973; the last, of bins with unequal scores: Stephenson et al. 2008).

    reliability: how far a bin's mean score is from its share of right ones, squared; resolution:
    how far these shares are from that of all; uncertainty: p (1 - p) of that of all; within: the
    variance of scores in a bin less twice their covariance with being right.
    """

    score: FloatArray
    reliability: FloatArray
    resolution: FloatArray
    uncertainty: FloatArray

    @property
    def within(self) -> FloatArray:
        """What is left, exactly: 0 where all scores of a bin are equal."""
        return np.asarray(self.score - self.reliability + self.resolution - self.uncertainty)


def brier(
    score: FloatArray,
    correct: BoolArray,
    place: IntArray,
    bins: int,
    weights: FloatArray | None = None,
) -> Brier:
    """Mean of (score - right)^2 and its parts over bins; arguments as of `reliability`."""
    weight = np.ones(len(score)) if weights is None else weights
    found = reliability(score, correct, place, bins, weights)
    total = np.asarray(weight.sum(axis=-1))
    share = found.weight / total[..., None]
    base = np.asarray((weight @ correct.astype(np.float64)) / total)
    there = found.weight > 0
    apart = np.where(there, (found.score - found.right) ** 2, 0.0)
    spread = np.where(there, (found.right - base[..., None]) ** 2, 0.0)
    return Brier(
        np.asarray((weight @ (score - correct) ** 2) / total),
        np.asarray((share * apart).sum(axis=-1)),
        np.asarray((share * spread).sum(axis=-1)),
        np.asarray(base * (1 - base)),
    )
