"""Permutation test of paired differences: what chance makes of them if both sides are alike.

Were two methods alike on every problem, each problem's difference could as well have had the other
sign (Fisher 1935). So the mean is compared with those of all ways to give signs, or of many random
ones. It supposes differences that are symmetric around 0, not normal ones, and is exact for any
number of problems; the t test beside it supposes neither, and is exact for many.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import FEWEST, unit_parts, without_round_off

DRAWS = 9999
"""Random ways to give signs, where there are more ways than `_EXACT` units have."""
_EXACT = 13
_AT_ONCE = 500


def sign_flip_test(
    differences: FloatArray,
    clusters: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> FloatArray:
    """Two-sided p of no difference, by signs of whole problems, or clusters. (problems, ...) to
    (...).

    differences: of success rates; what is below 1e-12 is round-off. All columns get the same signs,
    so that tests of a curve go together as their data do. With up to 13 units all signs are tried;
    with more, `draws` random ones, and the p is (1 + as extreme) / (1 + draws), which holds its
    level (Phipson and Smyth 2010). NaN where a value is, and for fewer than three units.
    """
    told = without_round_off(differences)
    parts = unit_parts(told, clusters)
    flat = parts.reshape(len(parts), -1)
    bound = np.abs(flat.sum(axis=0)) - 1e-9 * np.abs(flat).sum(axis=0)
    reached = np.zeros(flat.shape[1])
    exact = len(flat) <= _EXACT
    total = 2 ** len(flat) if exact else draws
    rng = np.random.default_rng([seed, 11])
    for start in range(0, total, _AT_ONCE):
        count = min(_AT_ONCE, total - start)
        if exact:
            bits = (np.arange(start, start + count)[:, None] >> np.arange(len(flat))) & 1
        else:
            bits = rng.integers(0, 2, (count, len(flat)), dtype=np.int8)
        reached += (np.abs((2.0 * bits - 1) @ flat) >= bound).sum(axis=0)
    p = reached / total if exact else (1 + reached) / (1 + total)
    unknown = np.isnan(flat).any(axis=0) | (len(flat) < FEWEST)
    return np.asarray(np.where(unknown, np.nan, p).reshape(parts.shape[1:]))
