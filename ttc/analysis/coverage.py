"""Coverage beyond the pool: two laws fitted to counts of right solutions, and an average of many.

The exponentiated power law (`coverage_law`) describes the mean curve; the beta-binomial
(`beta_binomial`) the problems' solve rates, from which the curve follows. Both say what pass@k
would be with more solutions than were sampled; `coverage_check` measures how well they do. Their
intervals are bootstraps: of what one law says, were it the right one. Where that is not known,
`forecast` (see `solve_rates`) is the figure to go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.beta_binomial import (
    BetaBinomial,
    CountTable,
    PointMass,
    check_counts,
    fit_beta_binomial,
    fit_table,
)
from ttc.analysis.coverage_check import HeldOut, held_out_error
from ttc.analysis.coverage_law import CoverageLaw, fit_coverage_law, spaced_sizes
from ttc.analysis.errors import GridError, PoolError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL, mean_interval, percentile_interval
from ttc.analysis.passk import pass_at_k
from ttc.analysis.solve_rates import CoverageForecast, believe
from ttc.analysis.threads import one_thread

_LAW_PARAMETERS = ("a", "b")
_BETA_PARAMETERS = ("alpha", "beta", "unsolvable", "certain")


@dataclass(frozen=True)
class CoverageDraws:
    """Coverage refitted on resamples of problems.

    measured: (draws, len(k)) unbiased pass@k, NaN beyond the pool; law, beta: (draws, len(k)) what
    the two fits say; parameters: (draws,) of each of a, b, alpha, beta, unsolvable and certain.
    Draws of several runs on the same problems and weights are paired: row by row the same problems.
    """

    measured: FloatArray
    law: FloatArray
    beta: FloatArray
    parameters: dict[str, FloatArray]


@dataclass(frozen=True)
class CoverageFit:
    """What `fit_coverage` found at sizes k, (K,), of which some may lie beyond the pool.

    measured: (K,) unbiased coverage, NaN beyond the pool. intervals: of "measured", "law" and
    "beta", low and high (K,) each; parameter_intervals: low and high by parameter, NaN where a
    resample can't tell it; both empty without weights. level: of the intervals. check: predictive
    error at held-out larger k, None where the pool is too small for one. problems; pool: solutions
    that every problem has. forecast: averaged over shapes of solve rates, with an interval that
    holds what one shape can't know; odds: of these shapes, see `solve_rates`.
    """

    k: IntArray
    measured: FloatArray
    law: CoverageLaw
    beta: BetaBinomial
    intervals: dict[str, tuple[FloatArray, FloatArray]]
    parameter_intervals: dict[str, tuple[float, float]]
    level: float
    check: HeldOut | None
    problems: int
    pool: int
    forecast: CoverageForecast
    odds: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON: one row for each k; None for NaN."""
        curves = {
            "measured": self.measured,
            "law": self.law.pass_at_k(self.k),
            "beta": self.beta.pass_at_k(self.k),
            "forecast": self.forecast.mean,
            "forecast_low": self.forecast.low,
            "forecast_high": self.forecast.high,
        }
        for name, (low, high) in self.intervals.items():
            curves |= {f"{name}_low": low, f"{name}_high": high}
        return {
            "problems": self.problems,
            "pool": self.pool,
            "exponentiated_power_law": self.law.as_dict(),
            "beta_binomial": self.beta.as_dict(),
            "probability_of": self.odds,
            "level": self.level,
            "parameter_intervals": {
                name: None if np.isnan(ends).any() else list(ends)
                for name, ends in self.parameter_intervals.items()
            },
            "coverage": [
                {"k": int(k)} | {name: _plain(curve[i]) for name, curve in curves.items()}
                for i, k in enumerate(self.k)
            ],
            "held_out": None if self.check is None else self.check.as_dict(),
        }


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def fit_coverage(
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    k: Sequence[int] | IntArray | None = None,
    *,
    weights: FloatArray | None = None,
    clusters: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
    level: float = LEVEL,
    point_mass: PointMass = "auto",
) -> CoverageFit:
    """Both laws of coverage, what they say at sizes k, and how far to trust them.

    n_correct, n_solutions: (problems,) counts; k: sizes, else up to 16 times the pool; weights:
    (draws, problems) resamples as of `intervals.resamples`, for intervals; clusters: (problems,) of
    those that were resampled together; rng: for the random
    splits of the check, which is left out without it. Raises `PoolError` for counts that can't be
    and `GridError` for sizes below 1.
    """
    right, total = check_counts(n_correct, n_solutions)
    pool = int(total.min())
    sizes = _usual_sizes(pool) if k is None else np.asarray(k)
    _check_k(sizes)
    fitted = spaced_sizes(pool)
    law = fit_coverage_law(fitted, pass_at_k(right, total, fitted.tolist()).mean(axis=0))
    belief = believe(right, total)
    measured = _measured(right, total, sizes)
    intervals: dict[str, tuple[FloatArray, FloatArray]] = {}
    parameters: dict[str, tuple[float, float]] = {}
    if weights is not None:
        draws = coverage_draws(right, total, sizes, weights, point_mass)
        for name in ("law", "beta"):
            intervals[name] = percentile_interval(getattr(draws, name), level)
        # Where every problem is solved, resamples agree, and other problems need not.
        intervals["measured"] = mean_interval(measured, level, clusters)
        for name, values in draws.parameters.items():
            parameters[name] = _interval(values, level)
    return CoverageFit(
        k=sizes,
        measured=measured.mean(axis=0),
        law=law,
        beta=fit_beta_binomial(right, total, point_mass),
        intervals=intervals,
        parameter_intervals=parameters,
        level=level,
        check=None if rng is None or pool < 4 else held_out_error(right, total, rng),
        problems=len(total),
        pool=pool,
        forecast=belief.forecast(sizes, level),
        odds=belief.odds,
    )


def coverage_draws(
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    k: Sequence[int] | IntArray,
    weights: FloatArray,
    point_mass: PointMass = "auto",
) -> CoverageDraws:
    """Both fits and the measured coverage under each resample; weights: (draws, problems)."""
    right, total = check_counts(n_correct, n_solutions)
    if weights.ndim != 2 or weights.shape[1] != len(total):
        raise PoolError(
            f"weights has shape {weights.shape} where (draws, {len(total)}) was expected."
        )
    sizes = np.asarray(k)
    _check_k(sizes)
    fitted = spaced_sizes(int(total.min()))
    by_problem = pass_at_k(right, total, fitted.tolist())
    curves = weights @ by_problem
    table = CountTable.of(right, total)
    pairs = table.weigh(weights)
    whole_law = fit_coverage_law(fitted, by_problem.mean(axis=0))
    whole_beta = fit_beta_binomial(right, total, point_mass)
    with one_thread():
        laws = [fit_coverage_law(fitted, curve, whole_law) for curve in curves]
        betas = [fit_table(table, row, len(total), point_mass, whole_beta) for row in pairs]
    parameters = {name: np.array([getattr(fit, name) for fit in laws]) for name in _LAW_PARAMETERS}
    for name in _BETA_PARAMETERS:
        parameters[name] = np.array([getattr(fit, name) for fit in betas])
    return CoverageDraws(
        measured=weights @ _measured(right, total, sizes),
        law=np.stack([fit.pass_at_k(sizes) for fit in laws]),
        beta=np.stack([fit.pass_at_k(sizes) for fit in betas]),
        parameters=parameters,
    )


def _measured(right: IntArray, total: IntArray, k: IntArray) -> FloatArray:
    """(problems, len(k)) unbiased pass@k, NaN wherever some problem has fewer solutions."""
    out = np.full((len(total), len(k)), np.nan)
    inside = k <= total.min()
    if inside.any():
        out[:, inside] = pass_at_k(right, total, k[inside].tolist())
    return out


def _interval(values: FloatArray, level: float) -> tuple[float, float]:
    if not np.isfinite(values).all():
        return float("nan"), float("nan")
    low, high = percentile_interval(values, level)
    return float(low), float(high)


def _check_k(k: IntArray) -> None:
    if k.ndim != 1 or len(k) == 0 or k.min() < 1:
        raise GridError("Coverage is asked for at sizes k of at least 1, and at least one of them.")


def _usual_sizes(pool: int) -> IntArray:
    """Powers of two to beyond 16 times the pool, and the pool itself."""
    return np.unique([pool, *(2**i for i in range((16 * pool).bit_length()))])
