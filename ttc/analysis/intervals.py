"""Intervals for what a population of problems would show, the problems being a sample of it.

Means of values between 0 and 1, and of paired differences, have intervals in closed form, for
thousands of cells at once. Other figures, which are functions of resampled means, have them from
`resamples`: one matrix for several curves makes their comparison paired.

clusters: (problems,) labels of groups that were drawn together, such as the problems made from one
template; then groups are the unit, and their number is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ttc.analysis.estimate import FloatArray

LEVEL = 0.95
"""Of every stated interval, unless another is asked for."""

FEWEST = 3
"""Problems, or clusters, that an interval needs."""

FEW = 20
"""Problems below which an interval is told to be rough."""

_END_WEIGHT = 0.5
_ENOUGH = 3.0


def resamples(
    n_problems: int, draws: int, rng: np.random.Generator, clusters: ArrayLike | None = None
) -> FloatArray:
    """(draws, problems) weights of bootstrap resamples; each row sums to 1.

    A resample takes one problem less than there are, with replacement: so the variance of a
    resampled mean is the unbiased s^2 / n, where n of n would give (n - 1) / n of it and, with few
    problems, intervals that are too short. With `clusters`, whole clusters are taken so.

    Using one matrix for several curves makes their comparison paired: the same resampled problems.
    """
    label, size = _labels(n_problems, clusters)
    taken = max(1, len(size) - 1)
    counts = rng.multinomial(taken, np.full(len(size), 1 / len(size)), size=draws)
    return np.asarray(counts[:, label] / (counts @ size)[:, None])


def jackknife_weights(n_problems: int, clusters: ArrayLike | None = None) -> FloatArray:
    """(clusters, problems) weights that leave out one cluster, or one problem, each.

    Rows sum to 1; a single cluster, which can't be left out, has a row of NaN.
    """
    label, size = _labels(n_problems, clusters)
    kept = label[None, :] != np.arange(len(size))[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def _labels(n_problems: int, clusters: ArrayLike | None) -> tuple[NDArray[np.intp], FloatArray]:
    """(problems,) place of each problem's cluster, and (clusters,) their sizes."""
    if clusters is None:
        return np.arange(n_problems), np.ones(n_problems)
    known, label = np.unique(np.asarray(clusters), return_inverse=True)
    return label.ravel(), np.bincount(label.ravel(), minlength=len(known)).astype(np.float64)


def resampled_means(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Means of (problems, ...) values under each resample: (draws, ...). NaN stays NaN."""
    flat = values.reshape(len(values), -1)
    return np.asarray(weights @ flat).reshape(len(weights), *values.shape[1:])


def percentile_interval(
    draws: FloatArray, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end of the central interval over axis 0; NaN where any draw is NaN."""
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high


@dataclass(frozen=True)
class _Units:
    """Values by unit, (units, ...): problems, or clusters, with their share of the mean.

    mean: (units, ...) of each unit; share: (units, 1 ...) of the units' average size.
    """

    mean: FloatArray
    share: FloatArray

    @property
    def count(self) -> int:
        return len(self.mean)

    @classmethod
    def of(cls, values: FloatArray, clusters: ArrayLike | None) -> _Units:
        values = np.asarray(values, dtype=np.float64)
        label, size = _labels(len(values), clusters)
        share = (size / size.mean()).reshape(-1, *(1 for _ in values.shape[1:]))
        if clusters is None:
            return cls(values, share)
        total = np.zeros((len(size), *values.shape[1:]))
        np.add.at(total, label, values)
        return cls(total / size.reshape(share.shape), share)

    def overall(self) -> FloatArray:
        return np.asarray((self.share * self.mean).mean(axis=0))

    def end_weight(self, distance: FloatArray) -> FloatArray:
        """Weight of an imagined unit at a far end; distance: (units, ...) from the near one, >= 0.

        Half a unit where no more than one real one is away from the near end at all, and none where
        many are, as counted by (sum of distances)^2 / sum of their squares.
        """
        parts = self.share * distance
        squares = (parts**2).sum(axis=0)
        many = parts.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1.0)
        return np.asarray(_END_WEIGHT / (1 + (many / _ENOUGH) ** 2))

    def spread(
        self, low_end: float, low: FloatArray, high: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the units together with so many imagined ones at both ends.

        The ends are `low_end` and 1. low, high: (...) weights.
        """
        total = self.count + low + high
        mean = (self.count * self.overall() + low_end * low + high) / total
        squares = ((self.share * (self.mean - mean)) ** 2).sum(axis=0)
        squares = squares + low * (mean - low_end) ** 2 + high * (1 - mean) ** 2
        return np.asarray(mean), np.asarray(squares / total)


def mean_interval(
    values: FloatArray, level: float = LEVEL, clusters: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Interval of the population's mean of values between 0 and 1. values: (problems, ...).

    A score interval (Wilson 1927) whose variance is phi mu (1 - mu) / n: phi, the variance as a
    part of what outcomes of 0 and 1 would have, is measured, and the quantile is Student's. Where
    hardly any problem differs from 0 (or 1), the ones that would matter may not have been met: half
    an imagined problem at the other end then counts towards phi, and ever less of it as problems
    come that differ. So all-equal columns have an interval, Wilson's nearly.

    Returns lower and upper ends, (...), between 0 and 1; NaN where a value is, and for fewer than
    three problems (or clusters).
    """
    units = _Units.of(values, clusters)
    missing = _untold(units)
    with np.errstate(invalid="ignore", divide="ignore"):
        low_end = units.end_weight(np.maximum(1 - units.mean, 0))
        high_end = units.end_weight(np.maximum(units.mean, 0))
        about, variance = units.spread(0.0, low_end, high_end)
        mean = np.clip(units.overall(), 0, 1)
        about = np.clip(about, 1e-9, 1 - 1e-9)
        freedom = max(1, units.count - 1)
        width = stdtrit(freedom, (1 + level) / 2) ** 2 * variance / (about * (1 - about)) / freedom
        centre = (mean + width / 2) / (1 + width)
        half = np.sqrt(width * mean * (1 - mean) + width**2 / 4) / (1 + width)
    ends = (np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))
    low, high = (np.where(missing, np.nan, end) for end in ends)
    return low, high


def difference_interval(
    differences: FloatArray, level: float = LEVEL, clusters: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Interval of the population's mean of paired differences, in [-1, 1]. (problems, ...).

    Student's interval, whose variance counts half an imagined problem at each end where hardly any
    problem shows a difference (see `mean_interval`), and nothing where many do: then it is that of
    `paired_test`, and has 0 in it exactly where p > 1 - level. With few differences it is wider.

    Returns lower and upper ends, (...), within -1 and 1; NaN where a value is, and for fewer than
    three problems (or clusters).
    """
    units = _Units.of(differences, clusters)
    missing = _untold(units)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = units.end_weight(np.abs(units.mean))
        _, variance = units.spread(-1.0, weight, weight)
        mean = units.overall()
        freedom = max(1, units.count - 1)
        half = stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance / freedom)
    low, high = (
        np.where(missing, np.nan, np.clip(end, -1, 1)) for end in (mean - half, mean + half)
    )
    return low, high


def _untold(units: _Units) -> NDArray[np.bool_]:
    """(...) where there is no interval."""
    if units.count < FEWEST:
        return np.ones(units.mean.shape[1:], dtype=np.bool_)
    return np.asarray(np.isnan(units.mean).any(axis=0))


def paired_test(differences: FloatArray, clusters: ArrayLike | None = None) -> FloatArray:
    """Two-sided p of no mean difference: the paired t test over problems. (problems, ...) to (...).

    The test that `ttc.analysis.power` plans for. Without any difference p is 1; with the same one
    in all problems 0; NaN where a value is, and for fewer than three problems (or clusters).
    """
    units = _Units.of(differences, clusters)
    missing = _untold(units)
    nobody = np.zeros(units.mean.shape[1:])
    freedom = max(1, units.count - 1)
    _, variance = units.spread(-1.0, nobody, nobody)
    mean = units.overall()
    error = np.sqrt(variance / freedom)
    # Round-off of equal differences is no spread.
    error = np.where(error <= 1e-12 * np.abs(mean), 0.0, error)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = 2 * stdtr(freedom, -np.abs(mean) / error)
    p = np.where(error > 0, p, np.where(mean == 0, 1.0, 0.0))
    return np.asarray(np.where(missing, np.nan, p))


@dataclass(frozen=True)
class Ends:
    """An interval of one figure. known: the share of the resamples in which it could be told."""

    low: float
    high: float
    known: float


def bootstrap_interval(
    estimate: float, draws: FloatArray, jackknife: FloatArray, level: float = LEVEL
) -> Ends:
    """Bias-corrected and accelerated interval (Efron 1987) of a figure, from resamples.

    draws: (draws,) the figure under `resamples`; jackknife: (problems,) under `jackknife_weights`.
    NaN draws are left out, infinite ones ("never") are larger than all others, so that an end may
    be infinite. Normal quantiles are widened to Student's, for the number of problems (Hesterberg
    2015). NaN where the estimate is, for fewer than three problems, or where no draw tells.
    """
    known = np.sort(draws[~np.isnan(draws)])
    share = len(known) / len(draws) if len(draws) else 0.0
    problems = len(jackknife)
    if not len(known) or problems < FEWEST or np.isnan(estimate):
        return Ends(float("nan"), float("nan"), share)
    below = np.count_nonzero(known < estimate) + np.count_nonzero(known == estimate) / 2
    # One draw at least on either side: a bias beyond what draws can show is not believed.
    bias = float(ndtri(np.clip(below, 1, len(known) - 1) / len(known))) if len(known) > 2 else 0.0
    z = stdtrit(problems - 1, (1 + level) / 2) * np.array([-1.0, 1.0])
    moved = bias + (bias + z) / np.maximum(1 - acceleration(jackknife) * (bias + z), 0.1)
    place = ndtr(moved) * (len(known) - 1)
    # Sample quantiles without interpolation, which would take infinity from infinity.
    return Ends(float(known[int(np.floor(place[0]))]), float(known[int(np.ceil(place[1]))]), share)


def acceleration(jackknife: FloatArray) -> float:
    """How the standard error changes with the figure: a sixth of the skewness of influences.

    0 where leaving out a problem makes the figure unknown or infinite.
    """
    if not np.isfinite(jackknife).all():
        return 0.0
    influence: NDArray[Any] = jackknife.mean() - jackknife
    squares = float(influence @ influence)
    return float((influence**3).sum() / (6 * squares**1.5)) if squares > 0 else 0.0
