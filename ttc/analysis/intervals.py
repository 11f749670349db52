"""Intervals for what a population of problems would show, the problems being a sample of it.

Means of values between 0 and 1, and of paired differences, have intervals in closed form, for
thousands of cells at once. Other figures, which are functions of resampled means, have them from
`resamples`: one matrix for several curves makes their comparison paired.

clusters: (problems,) labels of groups that were drawn together, such as the problems made from one
template; then groups are the unit, and their number is what counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtr, stdtrit

from ttc.analysis.estimate import FloatArray

LEVEL = 0.95
"""Of every stated interval, unless another is asked for."""

FEWEST = 3
"""Problems, or clusters, that an interval needs."""

FEW = 30
"""Problems below which an interval is told to be rough."""

_HALVINGS = 45
_MOSTLY = 0.97


def few_problems(n: int) -> str | None:
    """What to say beside intervals from so many problems (or clusters), if anything."""
    if n < FEWEST:
        return f"no interval: fewer than {FEWEST} problems"
    if n < FEW:
        return f"intervals from {n} problems are rough: take {FEW} or more"
    return None


def without_round_off(differences: FloatArray) -> FloatArray:
    """Differences of success rates: 0 where two formulas for one figure differ in their last digits
    alone, by less than 1e-12.
    """
    return np.where(np.abs(differences) < 1e-12, 0.0, differences)


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

    def unmet(self, distance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """An imagined unit that was not met: its weight in units, and its distance from an end.

        distance: (units, ...) of the real ones from that end, between 0 and 1. Where no more than
        one real unit is away from the end, half a unit lies at the other end. Where many are (as
        counted by (sum of distances)^2 / sum of their squares) the weight fades, and it lies no
        farther than the farthest of them. Units all alike count as none.
        """
        parts = self.share * distance
        squares = (parts**2).sum(axis=0)
        many = parts.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1.0)
        farthest = distance.max(axis=0)
        alike = np.ptp(self.mean, axis=0) < 1e-9
        many, farthest = np.where(alike, 0.0, many), np.where(alike, 1.0, farthest)
        known = np.clip((many - 1) / 16, 0, 1)
        place = np.where(farthest > 0, np.minimum(farthest, 1) ** known, 1.0)
        return 0.5 / (1 + many / 6), place

    def spread(self, *imagined: tuple[FloatArray, FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of the units together with imagined ones, each of (weight, value)."""
        total = self.count + sum(weight for weight, _ in imagined)
        mean = (self.count * self.overall() + sum(w * at for w, at in imagined)) / total
        squares = ((self.share * (self.mean - mean)) ** 2).sum(axis=0)
        squares = squares + sum(w * (at - mean) ** 2 for w, at in imagined)
        return np.asarray(mean), np.asarray(squares / total)

    def skewness(self) -> FloatArray:
        """Third central moment of what each contributes to the mean."""
        return np.asarray(((self.share * (self.mean - self.overall())) ** 3).mean(axis=0))

    def student(self, level: float) -> tuple[float, int]:
        """Student's quantile, and the degrees of freedom."""
        freedom = max(1, self.count - 1)
        return float(stdtrit(freedom, (1 + level) / 2)), freedom


def mean_interval(
    values: FloatArray, level: float = LEVEL, clusters: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Interval of the population's mean of values between 0 and 1. values: (problems, ...).

    A score interval: all mu with (mean - mu)^2 <= t^2 V(mu) / (n - 1), t of Student. V is how the
    variance changes with mu: as [mu (1 - mu)]^r through the measured variance, which is the part
    phi of that of outcomes 0 and 1. For these, where phi = 1, r is 1, and the interval Wilson's
    (1927); smaller variances go with r = 2 / (1 + phi), the skewness of a beta distribution over
    that of the natural exponential family with V. Where few problems differ from 0 (or from 1),
    those that would matter may not have been met: the variance counts an imagined one (see
    `_Units.unmet`). So all-equal columns have an interval, at 0 and 1 Wilson's nearly.

    Returns lower and upper ends, (...), between 0 and 1; NaN where a value is, and for fewer than
    three problems (or clusters). Values a little outside, of a control variate, are taken as such.
    """
    units = _Units.of(values, clusters)
    missing = _untold(units)
    high = units.unmet(np.clip(units.mean, 0, 1))
    weight, down = units.unmet(np.clip(1 - units.mean, 0, 1))
    imagined = high, (weight, 1 - down)
    _, variance = units.spread(*imagined)
    inside_only = _Units(np.clip(units.mean, 0, 1), units.share)
    about, _ = inside_only.spread(*imagined)
    base = np.maximum(about * (1 - about), 1e-12)
    mean = np.clip(units.overall(), 0, 1)
    quantile, freedom = units.student(level)
    width = quantile**2 * variance / freedom
    # Where values lie outside, the mean may be nearer to an end than such a variance goes with.
    beyond = np.clip(4 * np.abs(units.overall() - inside_only.overall()) / base, 0, 1)
    power = 1 + (1 - beyond) * (2 / (1 + np.minimum(variance / base, 1)) - 1)
    ends = []
    for far in (np.zeros_like(mean), np.ones_like(mean)):
        inside, outside = mean, far
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            held = (middle - mean) ** 2 <= width * (middle * (1 - middle) / base) ** power
            inside, outside = np.where(held, middle, inside), np.where(held, outside, middle)
        ends.append(np.where(missing, np.nan, inside))
    return ends[0], ends[1]


def difference_interval(
    differences: FloatArray, level: float = LEVEL, clusters: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Interval of the population's mean of paired differences, in [-1, 1]. (problems, ...).

    Student's interval, with two changes. Where few problems show a difference, the variance counts
    imagined ones, up and down (see `_Units.unmet`), which fade as more do; so no interval has zero
    width. And it is moved by half of Hall's (1992) correction for skewness, but never so that an
    end crosses 0: an interval without 0 in it has `paired_test` below 1 - level. With 0 in it, that
    test may still be below, where few problems differ.

    Returns lower and upper ends, (...), within -1 and 1; NaN where a value is, and for fewer than
    three problems (or clusters).
    """
    units = _Units.of(differences, clusters)
    missing = _untold(units)
    weight, far = units.unmet(np.abs(units.mean))
    _, variance = units.spread((weight, far), (weight, -far))
    quantile, freedom = units.student(level)
    half = quantile * np.sqrt(variance / freedom)
    move = units.skewness() / (np.clip(variance, 1e-12, None) * units.count)
    move = np.clip(move * (1 + 2 * quantile**2) / 12, -half / 2, half / 2)
    ends = []
    for end in (units.overall() - half, units.overall() + half):
        moved = np.where(np.sign(end + move) == np.sign(end), end + move, np.sign(end) * 1e-12)
        ends.append(np.where(missing, np.nan, np.clip(moved, -1, 1)))
    return ends[0], ends[1]


def _untold(units: _Units) -> NDArray[np.bool_]:
    """(...) where there is no interval."""
    if units.count < FEWEST:
        return np.ones(units.mean.shape[1:], dtype=np.bool_)
    return np.asarray(np.isnan(units.mean).any(axis=0))


def unit_parts(values: FloatArray, clusters: ArrayLike | None = None) -> FloatArray:
    """(units, ...) what each problem, or cluster of them, is for the mean, which is that of these.

    values: (problems, ...). A cluster counts by its size.
    """
    units = _Units.of(values, clusters)
    return np.asarray(units.share * units.mean)


def paired_test(differences: FloatArray, clusters: ArrayLike | None = None) -> FloatArray:
    """Two-sided p of no mean difference: the paired t test over problems. (problems, ...) to (...).

    differences: of success rates; what is below 1e-12 is round-off of two formulas for one figure.
    The test that `ttc.analysis.power` plans for. Without any difference p is 1; with the same one
    in all problems 0; NaN where a value is, and for fewer than three problems (or clusters).
    """
    units = _Units.of(without_round_off(differences), clusters)
    missing = _untold(units)
    freedom = max(1, units.count - 1)
    _, variance = units.spread()
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
    estimate: float, draws: FloatArray, problems: int, level: float = LEVEL
) -> Ends:
    """Interval of a figure from resamples: percentiles, and the estimate with its error, widened.

    draws: (draws,) the figure under `resamples`; problems: how many there are, or clusters.
    Percentiles are taken at Student's quantiles for that number (Hesterberg 2015). Where a figure
    bends, they end too near on one side, so each end is at least as far as the estimate minus or
    plus that quantile of errors, the draws' deviation, but no farther than draws go. NaN draws are
    left out, infinite ones ("never") are larger than all others, so that an end may be infinite.
    NaN where the estimate is, for fewer than three problems, or where no draw tells.

    Bias correction and acceleration (Efron 1987) cover no better, and worse where a figure is the
    cost of reaching a level (`benchmarks/scaling_intervals.py`).
    """
    known = np.sort(draws[~np.isnan(draws)])
    share = len(known) / len(draws) if len(draws) else 0.0
    if not len(known) or problems < FEWEST or np.isnan(estimate):
        return Ends(float("nan"), float("nan"), share)
    quantile = float(stdtrit(problems - 1, (1 + level) / 2))
    last = len(known) - 1
    # Sample quantiles without interpolation, which would take infinity from infinity.
    low = float(known[int(np.floor(ndtr(-quantile) * last))])
    high = float(known[int(np.ceil(ndtr(quantile) * last))])
    finite = known[np.isfinite(known)]
    if np.isfinite(estimate) and len(finite) >= _MOSTLY * len(known):
        # A few draws far away are in the percentiles already.
        middle = np.ptp(np.quantile(finite, [ndtr(-1), ndtr(1)])) / 2
        error = quantile * min(float(finite.std()), float(middle))
        low = min(low, max(estimate - error, float(known[0])))
        high = max(high, min(estimate + error, float(known[-1])))
    return Ends(low, high, share)
