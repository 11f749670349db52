"""Intervals by bootstrap over problems, the unit that was sampled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import FloatArray


def resamples(n_problems: int, draws: int, rng: np.random.Generator) -> FloatArray:
    """(draws, problems) weights of bootstrap resamples; each row sums to 1.

    A resample takes one problem less than there are, with replacement: so the variance of a
    resampled mean is the unbiased s^2 / n, where n of n would give (n - 1) / n of it and, with few
    problems, intervals that are too short.

    Using one matrix for several curves makes their comparison paired: the same resampled problems.
    """
    taken = max(1, n_problems - 1)
    counts = rng.multinomial(taken, np.full(n_problems, 1 / n_problems), size=draws)
    return counts / taken


def resampled_means(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Means of (problems, ...) values under each resample: (draws, ...). NaN stays NaN."""
    flat = values.reshape(len(values), -1)
    return np.asarray(weights @ flat).reshape(len(weights), *values.shape[1:])


def percentile_interval(
    draws: FloatArray, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper end of the central interval over axis 0; NaN where any draw is NaN."""
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return low, high
