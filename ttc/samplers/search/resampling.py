"""Resampling of weighted particles: which of them go on, and how often.

Every scheme is unbiased: of n draws, particle i is drawn n w_i times in the mean. They differ in
how much the numbers vary around that: residual and stratified draws vary less than multinomial
ones, whatever the weights (Douc, Cappé and Moulines 2005).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scheme = Literal["multinomial", "systematic", "stratified", "residual"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_HALVINGS = 60


def normalised(logs: Floats) -> Floats:
    """Weights that sum to 1, of their logarithms, of which one at least is finite."""
    weights: Floats = np.exp(logs - logs.max())
    weights /= weights.sum()
    return weights


def ancestors(weights: Floats, n: int, scheme: Scheme, rng: np.random.Generator) -> Ints:
    """The particles that `n` draws fall on, in their order. weights: (particles,), of sum 1.

    multinomial: each draw by itself. stratified: one at a random place in each n-th of [0, 1).
    systematic: one in each n-th, all at the same place. residual: first the whole part of n w_i of
    each, what is left by multinomial draws.
    """
    if scheme == "residual":
        whole = np.floor(n * weights).astype(np.int64)
        sure = np.repeat(np.arange(len(weights)), whole)[:n]
        rest = n - len(sure)
        left = np.maximum(n * weights - whole, 0.0)
        if not rest:
            return sure
        return np.sort(np.concatenate([sure, _places(left, np.sort(rng.random(rest)))]))
    if scheme == "multinomial":
        return _places(weights, np.sort(rng.random(n)))
    shifts = rng.random() if scheme == "systematic" else rng.random(n)
    return _places(weights, (np.arange(n) + shifts) / n)


def _places(weights: Floats, points: Floats) -> Ints:
    """Into whose part of [0, 1) points fall; never that of a particle without weight."""
    ends = np.cumsum(weights)
    below = np.minimum(points * ends[-1], np.nextafter(ends[-1], 0.0))
    places: Ints = np.searchsorted(ends, below, side="right").astype(np.int64)
    return places


def effective_size(weights: Floats) -> float:
    """How many particles of equal weight are worth as much: 1 / sum w^2 (Kong, Liu, Wong 1994)."""
    return float(1.0 / np.square(weights).sum())


def evenness(weights: Floats) -> float:
    """Entropy over that of equal weights, from 0 to 1; of a single particle 1."""
    if len(weights) < 2:
        return 1.0
    some = weights[weights > 0]
    return float(-(some * np.log(some)).sum() / np.log(len(weights)))


def annealing(logs: Floats, least: float) -> float:
    """The largest power up to 1 which leaves weights an evenness of `least`; by bisection, since
    the entropy of w^b falls as b grows.
    """
    if evenness(normalised(logs)) >= least:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = evenness(normalised(middle * logs)) >= least
        low, high = (middle, high) if fits else (low, middle)
    return low
