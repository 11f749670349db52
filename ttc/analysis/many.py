"""Many comparisons at once: what still holds for all of them together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import LEVEL, mean_interval, resampled_means

Pointwise = Callable[..., tuple[FloatArray, FloatArray]]
"""`mean_interval` or `difference_interval`."""


def holm(p_values: ArrayLike) -> FloatArray:
    """P values adjusted for their number (Holm 1979), each 1 at most; (tests,) to (tests,).

    Those below alpha have at most a chance of alpha of any wrong one among them, however the tests
    depend on each other. NaN, a test that could not be made, stays NaN and doesn't count.
    """
    given = np.asarray(p_values, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    order = np.argsort(given)[: np.count_nonzero(~np.isnan(given))]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * given[order]))
    return adjusted


def pointwise_level(values: FloatArray, weights: FloatArray, level: float = LEVEL) -> float:
    """The level of single intervals at which all of them hold together with this one.

    values: (problems, ...), weights: (draws, problems) of `resamples`. From the largest of the
    resampled means' distances to the means, each in units of its standard error (max-t: Romano and
    Wolf 2005): cells that go together, as those of a curve do, need little more than one alone.
    """
    flat = values.reshape(len(values), -1)
    flat = flat[:, ~np.isnan(flat).any(axis=0)]
    drawn = resampled_means(flat, weights) - flat.mean(axis=0)
    error = drawn.std(axis=0)
    moving = error > 1e-12
    if not moving.any():
        return level
    farthest = np.max(np.abs(drawn[:, moving]) / error[moving], axis=1)
    at = float(np.quantile(farthest, level, method="higher"))
    return max(level, float(2 * ndtr(at) - 1))


def simultaneous_band(
    values: FloatArray,
    weights: FloatArray,
    level: float = LEVEL,
    clusters: ArrayLike | None = None,
    interval: Pointwise = mean_interval,
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper ends, (...), that hold for all cells of (problems, ...) values together.

    Intervals of the kind that single cells have, at `pointwise_level`; so they too have a width
    where all problems agree. NaN as in these.
    """
    single = partial(interval, level=pointwise_level(values, weights, level), clusters=clusters)
    return single(values)
