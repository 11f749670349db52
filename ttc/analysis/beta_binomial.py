"""Solve rates that follow a beta distribution: pass@k beyond the solutions that were sampled.

A problem's solve rate p is a draw from Beta(alpha, beta) and its c right ones of n solutions are
Binomial(n, p), so c is beta-binomial. Coverage then has a closed form for any k,

    pass@k = E[1 - (1 - p)^k] = 1 - B(alpha, beta + k) / B(alpha, beta),

which approaches 1 as k^-alpha: the power law of arXiv 2502.17578, that many problems of a small
solve rate make. A share `unsolvable` of problems may have p = 0, so that coverage ends below 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln, logit

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.threads import one_thread

PointMass = Literal["auto", "never", "always"]

# Beyond these a beta distribution is, to all that counts can tell, one value or a coin of 0 and 1.
_MEAN = (-20.0, 20.0)  # of the logit
_CONCENTRATION = (np.log(1e-5), np.log(1e6))
_MOST_UNSOLVABLE = 1 - 1e-6


@dataclass(frozen=True)
class BetaBinomial:
    """Distribution of solve rates: a share `unsolvable` at 0, the others Beta(alpha, beta).

    mean: alpha / (alpha + beta), of the others; concentration: alpha + beta, NaN where counts
    can't tell it (one solution a problem, or all solutions alike). log_likelihood: mean over
    problems, in nats, without binomial coefficients.
    """

    mean: float
    concentration: float
    unsolvable: float = 0.0
    log_likelihood: float = float("nan")

    @property
    def alpha(self) -> float:
        return self.mean * self.concentration

    @property
    def beta(self) -> float:
        return (1 - self.mean) * self.concentration

    def pass_at_k(self, k: ArrayLike) -> FloatArray:
        """Coverage at k > 0 (any shape, need not be whole); NaN where counts can't tell it."""
        size = np.asarray(k, dtype=np.float64)
        if self.mean in (0.0, 1.0):
            return np.full(size.shape, (1 - self.unsolvable) * self.mean)
        if np.isnan(self.concentration):
            return np.where(size == 1, (1 - self.unsolvable) * self.mean, np.nan)
        beta, both = self.beta, self.concentration
        log_missed = gammaln(beta + size) - gammaln(both + size) - gammaln(beta) + gammaln(both)
        found: FloatArray = -np.expm1(np.minimum(log_missed, 0.0)) * (1 - self.unsolvable)
        return found

    def as_dict(self) -> dict[str, float | None]:
        """Plain numbers; None for what counts can't tell."""
        found = {
            "alpha": self.alpha,
            "beta": self.beta,
            "unsolvable": self.unsolvable,
            "solve_rate": self.mean * (1 - self.unsolvable),
            "log_likelihood": self.log_likelihood,
        }
        return {name: value if np.isfinite(value) else None for name, value in found.items()}


@dataclass(frozen=True)
class CountTable:
    """The distinct (right, total) pairs of problems: right, total: (U,); member: (problems,)."""

    right: FloatArray
    total: FloatArray
    member: IntArray

    @classmethod
    def of(cls, n_correct: ArrayLike, n_solutions: ArrayLike) -> CountTable:
        """Raises `PoolError` for no problems and counts that can't be."""
        right, total = check_counts(n_correct, n_solutions)
        pairs, member = np.unique(np.column_stack([right, total]), axis=0, return_inverse=True)
        return cls(pairs[:, 0].astype(float), pairs[:, 1].astype(float), member.ravel())

    def weigh(self, weights: FloatArray) -> FloatArray:
        """Weights of problems, (..., problems), to weights of pairs, (..., U)."""
        rows = np.atleast_2d(weights)
        sums = [np.bincount(self.member, row, len(self.right)) for row in rows]
        out = np.stack(sums).astype(np.float64)
        return out.reshape(*weights.shape[:-1], len(self.right))


def check_counts(n_correct: ArrayLike, n_solutions: ArrayLike) -> tuple[IntArray, IntArray]:
    """(problems,) right and all solutions; raises `PoolError` for counts that can't be."""
    right, total = np.broadcast_arrays(np.atleast_1d(n_correct), np.atleast_1d(n_solutions))
    if total.ndim != 1 or total.size == 0:
        raise PoolError("Coverage needs at least one problem, with one number of solutions each.")
    if np.any(total < 1) or np.any(right < 0) or np.any(right > total):
        raise PoolError(
            "Every problem needs a solution, and right ones between 0 and all of its solutions."
        )
    return right, total


def fit_beta_binomial(
    n_correct: ArrayLike, n_solutions: ArrayLike, point_mass: PointMass = "auto"
) -> BetaBinomial:
    """Maximum likelihood from (problems,) counts of right and of all solutions.

    point_mass: whether some problems may be unsolvable; `auto` lets them be where the likelihood
    pays for the parameter (Bayesian information criterion: a gain above log(problems) / 2), for a
    beta distribution of small alpha explains most zeros as well, and predicts better then.
    """
    table = CountTable.of(n_correct, n_solutions)
    weights = table.weigh(np.full(len(table.member), 1 / len(table.member)))
    with one_thread():
        return fit_table(table, weights, len(table.member), point_mass)


def fit_table(
    table: CountTable,
    weights: FloatArray,
    problems: int,
    point_mass: PointMass = "auto",
    start: BetaBinomial | None = None,
) -> BetaBinomial:
    """As `fit_beta_binomial`, with weights of the pairs, (U,), that sum to 1; from a start."""
    present = weights > 0
    right, total, weights = table.right[present], table.total[present], weights[present]
    mean = float(weights @ (right / total))
    if np.all(right == 0) or np.all(right == total):
        return BetaBinomial(float(right[0] > 0), float("nan"), 0.0, 0.0)
    if total.max() == 1:
        return BetaBinomial(mean, float("nan"), 0.0, float("nan"))
    plain = _maximise(right, total, weights, _start(right, total, weights, start), mixed=False)
    if point_mass == "never" or not np.any(right == 0):
        return plain
    zero = float(weights[right == 0].sum())
    share = start.unsolvable if start is not None and start.unsolvable > 0 else 0.5 * zero
    inner = (expit_inverse(min(mean / (1 - share), 0.999)), np.log(2.0), share)
    found = [
        _maximise(right, total, weights, point, mixed=True)
        for point in ((*_point(plain), 0.1 * zero), inner)
    ]
    mixed = max(found, key=lambda fit: fit.log_likelihood)
    gain = (mixed.log_likelihood - plain.log_likelihood) * problems
    return mixed if point_mass == "always" or gain > 0.5 * np.log(problems) else plain


def expit_inverse(share: float) -> float:
    """Log odds, within the bounds of a fit."""
    return float(np.clip(logit(share), *_MEAN))


def _point(fit: BetaBinomial) -> tuple[float, float]:
    return expit_inverse(fit.mean), float(np.clip(np.log(fit.concentration), *_CONCENTRATION))


def _start(
    right: FloatArray, total: FloatArray, weights: FloatArray, start: BetaBinomial | None
) -> tuple[float, float, float]:
    """A fit nearby, or the moments: of the rates' variance, what drawing n of them leaves."""
    if start is not None and np.isfinite(start.concentration) and 0 < start.mean < 1:
        return (*_point(start), 0.0)
    rate = right / total
    mean = float(weights @ rate)
    size = 1 / float(weights @ (1 / total))
    spread = float(weights @ (rate - mean) ** 2) / (mean * (1 - mean))
    shared = np.clip((spread - 1 / size) / max(1 - 1 / size, 1e-9), 0.01, 0.95)
    return expit_inverse(mean), float(np.log(1 / shared - 1)), 0.0


def _maximise(
    right: FloatArray,
    total: FloatArray,
    weights: FloatArray,
    start: tuple[float, float, float],
    mixed: bool,
) -> BetaBinomial:
    """Climb from (logit mean, log concentration, unsolvable); the last stays 0 unless `mixed`."""
    zero = right == 0
    found = minimize(
        _loss,
        np.array(start),
        args=(right, total, weights, zero),
        jac=True,
        method="L-BFGS-B",
        bounds=[_MEAN, _CONCENTRATION, (0.0, _MOST_UNSOLVABLE if mixed else 0.0)],
        options={"maxiter": 300, "ftol": 1e-13, "gtol": 1e-8},
    )
    mean, concentration, unsolvable = found.x
    return BetaBinomial(
        float(expit(mean)), float(np.exp(concentration)), float(unsolvable), -float(found.fun)
    )


def _loss(
    point: FloatArray, right: FloatArray, total: FloatArray, weights: FloatArray, zero: BoolArray
) -> tuple[float, FloatArray]:
    """Minus the mean log-likelihood and its gradient in the three parameters of `_maximise`."""
    mean, both, unsolvable = expit(point[0]), np.exp(point[1]), point[2]
    alpha, beta = mean * both, expit(-point[0]) * both
    log_mass = betaln(right + alpha, total - right + beta) - betaln(alpha, beta)
    mass = np.exp(log_mass[zero])
    total_mass = unsolvable + (1 - unsolvable) * mass
    value = np.log1p(-unsolvable) + log_mass
    value[zero] = np.log(total_mass)
    by_beta_part = np.ones(len(right))
    by_beta_part[zero] = (1 - unsolvable) * mass / total_mass
    pull = weights * by_beta_part
    shared = digamma(both) - digamma(total + both)
    by_alpha = pull @ (digamma(right + alpha) - digamma(alpha) + shared)
    by_beta = pull @ (digamma(total - right + beta) - digamma(beta) + shared)
    by_share = np.full(len(right), -1 / (1 - unsolvable))
    by_share[zero] = (1 - mass) / total_mass
    slope = both * mean * expit(-point[0])
    gradient = np.array(
        [slope * (by_alpha - by_beta), alpha * by_alpha + beta * by_beta, weights @ by_share]
    )
    return -float(weights @ value), -gradient
