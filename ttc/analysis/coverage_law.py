"""The exponentiated power law of coverage: pass@k ~ exp(a k^b), a < 0, b < 0.

Fitted as in "Large Language Monkeys" (arXiv 2407.21787): ordinary least squares on coverage, at 40
sizes k evenly spaced in log k, by the search that SciPy's curve_fit makes (called without its
covariances, which mean nothing here: errors at neighbouring k are those of the same problems).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import leastsq

from ttc.analysis.errors import GridError
from ttc.analysis.estimate import FloatArray, IntArray

POINTS = 40
_STEEPEST = 50.0  # -b; 2^-50 of a loss is none
_LARGEST = (-50.0, 8.0)  # log(-a); exp(-exp(8)) is 0


@dataclass(frozen=True)
class CoverageLaw:
    """coverage(k) = exp(a k^b); NaN where it was not seen at two sizes.

    Coverage of 1 throughout is a = 0, of 0 throughout a = -inf, both with b = 0.
    """

    a: float
    b: float

    def pass_at_k(self, k: ArrayLike) -> FloatArray:
        """Coverage at k > 0, of any shape."""
        size = np.asarray(k, dtype=np.float64)
        return np.asarray(np.exp(self.a * size**self.b), dtype=np.float64)

    def as_dict(self) -> dict[str, float | None]:
        """Plain numbers; None for what is not finite."""
        return {n: v if np.isfinite(v) else None for n, v in (("a", self.a), ("b", self.b))}


def spaced_sizes(largest: int, points: int = POINTS, smallest: int = 1) -> IntArray:
    """Up to `points` whole sizes from smallest to largest, evenly spaced in their logarithm."""
    if not 1 <= smallest <= largest:
        raise GridError(f"There is no size from {smallest} to {largest}.")
    return np.unique(np.round(np.geomspace(smallest, largest, points)).astype(np.int64))


def fit_coverage_law(
    k: IntArray, coverage: FloatArray, start: CoverageLaw | None = None
) -> CoverageLaw:
    """Least squares of coverage, (len(k),) in [0, 1], on exp(a k^b); from a fit nearby, if given.

    Coverage may be 0 or 1 at some or all sizes. As coverage never falls with k, b <= 0.
    """
    if len(k) < 2:
        return CoverageLaw(float("nan"), float("nan"))
    if np.all(coverage >= 1) or np.all(coverage <= 0):
        return CoverageLaw(0.0 if coverage[0] >= 1 else -np.inf, 0.0)
    log_k = np.log(np.asarray(k, dtype=np.float64))
    point = _start(log_k, coverage) if start is None or not start.a < 0 else _point(start)
    found, _ = leastsq(_misses, point, args=(log_k, coverage), Dfun=_slopes, maxfev=2000)
    size, steepness = np.clip(found[0], *_LARGEST), np.clip(found[1], 0.0, _STEEPEST)
    return CoverageLaw(-float(np.exp(size)), 0.0 - float(steepness))


def _misses(point: FloatArray, log_k: FloatArray, coverage: FloatArray) -> FloatArray:
    """Law less coverage, at point = (log(-a), -b)."""
    missed: FloatArray = np.exp(-_loss(point, log_k)) - coverage
    return missed


def _loss(point: FloatArray, log_k: FloatArray) -> FloatArray:
    """-log coverage of the law; clipped so that no step of the search overflows."""
    loss: FloatArray = np.exp(np.clip(point[0] - point[1] * log_k, *_LARGEST))
    return loss


def _slopes(point: FloatArray, log_k: FloatArray, coverage: FloatArray) -> FloatArray:
    """(len(k), 2) derivatives of `_misses`."""
    loss = _loss(point, log_k)
    by_size = -loss * np.exp(-loss)
    return np.column_stack([by_size, -log_k * by_size])


def _point(law: CoverageLaw) -> tuple[float, float]:
    return float(np.clip(np.log(-law.a), *_LARGEST)), -law.b


def _start(log_k: FloatArray, coverage: FloatArray) -> tuple[float, float]:
    """The line of log(-log coverage) on log k, which is the law itself where it holds."""
    inside = np.clip(coverage, 1e-4, 1 - 1e-4)
    steepness, size = np.polyfit(log_k, np.log(-np.log(inside)), 1)
    return float(size), float(np.clip(-steepness, 0.01, 3.0))
