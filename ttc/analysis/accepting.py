"""Regions in which answers are accepted, so that few of the accepted are wrong, as stated.

Learn-then-test (arXiv 2110.01052): each region is a hypothesis, that more than `alpha` of the
problems inside it have a wrong answer, and is tested on problems kept for that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray


def surely_good(
    inside: BoolArray, wrong: BoolArray, alpha: float, delta: float
) -> tuple[BoolArray, FloatArray]:
    """Which of nested regions, the strictest first, have an error of `alpha` at most, and p values.

    inside: (problems, regions); wrong: (problems,). Among the problems inside a region, wrong ones
    are binomial, so P(at most so many) at rate alpha is a p value. Regions are tested in order, up
    to the first that fails (fixed sequence): with probability 1 - delta, none is called good that
    isn't. Problems must be independent draws, and the regions not chosen by them.
    """
    from scipy.stats import binom

    accepted = inside.sum(axis=0)
    failed = (inside & wrong[:, None]).sum(axis=0)
    p = np.where(accepted > 0, binom.cdf(failed, accepted, alpha), 1.0)
    return np.logical_and.accumulate(p <= delta), p


def fewest(alpha: float, delta: float) -> int:
    """Problems inside a region, all of them right, that it takes for the test to pass."""
    return int(np.ceil(np.log(delta) / np.log1p(-alpha) - 1e-9))


def thresholds(window: int) -> Sequence[float]:
    """Margins that there are among so many solutions, the strictest first; 0 is none."""
    return [k / window for k in range(window, 0, -1)]
