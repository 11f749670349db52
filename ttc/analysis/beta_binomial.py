"""Solve rates that follow a beta distribution: pass@k beyond the solutions that were sampled.

A problem's solve rate p is a draw from Beta(alpha, beta) and its c right ones of n solutions are
Binomial(n, p), so c is beta-binomial. Coverage then has a closed form for any k,

    pass@k = E[1 - (1 - p)^k] = 1 - B(alpha, beta + k) / B(alpha, beta),

which approaches 1 as k^-alpha: the power law of arXiv 2502.17578, that many problems of a small
solve rate make. A share `unsolvable` of problems may have p = 0, so that coverage ends below 1, and
a share `certain` p = 1: a beta distribution that has to explain these too has its other end wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln, logit

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.threads import one_thread

PointMass = Literal["auto", "never", "always"]

# Beyond these a beta distribution is, to all that counts can tell, one value or a coin of 0 and 1.
_MEAN = (-20.0, 20.0)  # of the logit
_CONCENTRATION = (np.log(1e-5), np.log(1e6))
_MOST_AT_AN_END = 1 - 1e-6


@dataclass(frozen=True)
class BetaBinomial:
    """Distribution of solve rates: shares `unsolvable` at 0 and `certain` at 1, the others
    Beta(alpha, beta).

    mean: alpha / (alpha + beta), of the others; concentration: alpha + beta, NaN where counts
    can't tell it (one solution a problem, or all solutions alike). log_likelihood: mean over
    problems, in nats, without binomial coefficients.
    """

    mean: float
    concentration: float
    unsolvable: float = 0.0
    log_likelihood: float = float("nan")
    certain: float = 0.0

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
            return np.full(size.shape, self.solve_rate)
        if np.isnan(self.concentration):
            return np.where(size == 1, self.solve_rate, np.nan)
        beta, both = self.beta, self.concentration
        log_missed = gammaln(beta + size) - gammaln(both + size) - gammaln(beta) + gammaln(both)
        others = 1 - self.unsolvable - self.certain
        found: FloatArray = self.certain - np.expm1(np.minimum(log_missed, 0.0)) * others
        return found

    @property
    def solve_rate(self) -> float:
        """Mean over all problems."""
        return self.certain + self.mean * (1 - self.unsolvable - self.certain)

    def as_dict(self) -> dict[str, float | None]:
        """Plain numbers; None for what counts can't tell."""
        found = {
            "alpha": self.alpha,
            "beta": self.beta,
            "unsolvable": self.unsolvable,
            "certain": self.certain,
            "solve_rate": self.solve_rate,
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

    point_mass: whether some problems may be unsolvable, or certain; `auto` lets them be where the
    likelihood pays for the parameter (Bayesian information criterion: a gain above log(problems) /
    2 each), for a beta distribution of small alpha explains most zeros as well, and predicts better
    then; `always` where any problem has none or all right. n_solutions may differ, and may have
    been chosen after seeing counts: the likelihood does not change by that.
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
    seen = _Seen(right, total, weights)
    plain = _maximise(seen, [_start(seen, start)], Masses(False, False))
    if point_mass == "never":
        return plain
    ends = Masses(seen.none_right > 0, seen.all_right > 0)
    if point_mass == "always":
        return _with_masses(seen, ends, plain, start)
    models = [
        Masses(zero, one)
        for zero in (False, True)
        for one in (False, True)
        if zero <= ends.zero and one <= ends.one and (zero or one)
    ]
    fits = [plain, *(_with_masses(seen, masses, plain, start) for masses in models)]
    return min(fits, key=lambda fit: _criterion(fit, problems))


@dataclass(frozen=True)
class Masses:
    """Whether solve rates may have a point mass at 0 and at 1."""

    zero: bool
    one: bool


@dataclass(frozen=True)
class _Seen:
    """Distinct counts and their weights, (U,) each."""

    right: FloatArray
    total: FloatArray
    weights: FloatArray

    @property
    def none_right(self) -> float:
        """Share of problems with no right solution."""
        return float(self.weights[self.right == 0].sum())

    @property
    def all_right(self) -> float:
        return float(self.weights[self.right == self.total].sum())


def _criterion(fit: BetaBinomial, problems: int) -> float:
    """Half the Bayesian information criterion; the two parameters that all fits have left out."""
    masses = (fit.unsolvable > 0) + (fit.certain > 0)
    return -fit.log_likelihood * problems + 0.5 * masses * float(np.log(problems))


def _with_masses(
    seen: _Seen, masses: Masses, plain: BetaBinomial, start: BetaBinomial | None
) -> BetaBinomial:
    """The likeliest of climbs from all that may be: hardly a mass, half of the ends, all of them.

    The likelihood has several tops: a beta distribution with little mass near an end and a point
    mass there, and one with much and none.
    """
    zero = seen.none_right if masses.zero else 0.0
    one = seen.all_right if masses.one else 0.0
    between = seen.right / seen.total
    points = [(*_point(plain), 0.1 * zero, 0.1 * one)]
    for share in (0.5, 0.95) if start is None else (0.5,):  # resamples start near the whole
        low, high = share * zero, share * one
        rest = max(1 - low - high, 1e-3)
        mean = np.clip((float(seen.weights @ between) - high) / rest, 0.001, 0.999)
        points.append((expit_inverse(float(mean)), np.log(2.0), low, high / max(1 - low, 1e-3)))
    if start is not None and start.unsolvable + start.certain > 0 and start.concentration > 0:
        near = start.certain / max(1 - start.unsolvable, 1e-6)
        points.append((*_point(start), start.unsolvable * masses.zero, near * masses.one))
    return _maximise(seen, points, masses)


def expit_inverse(share: float) -> float:
    """Log odds, within the bounds of a fit."""
    return float(np.clip(logit(share), *_MEAN))


def _point(fit: BetaBinomial) -> tuple[float, float]:
    return expit_inverse(fit.mean), float(np.clip(np.log(fit.concentration), *_CONCENTRATION))


def _start(seen: _Seen, start: BetaBinomial | None) -> tuple[float, float, float, float]:
    """A fit nearby, or the moments: of the rates' variance, what drawing n of them leaves."""
    if start is not None and np.isfinite(start.concentration) and 0 < start.mean < 1:
        return (*_point(start), 0.0, 0.0)
    rate, weights = seen.right / seen.total, seen.weights
    mean = float(weights @ rate)
    size = 1 / float(weights @ (1 / seen.total))
    spread = float(weights @ (rate - mean) ** 2) / (mean * (1 - mean))
    shared = np.clip((spread - 1 / size) / max(1 - 1 / size, 1e-9), 0.01, 0.95)
    return expit_inverse(mean), float(np.log(1 / shared - 1)), 0.0, 0.0


def _maximise(
    seen: _Seen, starts: Sequence[tuple[float, float, float, float]], masses: Masses
) -> BetaBinomial:
    """The highest top reached from (logit mean, log concentration, share at 0, share at 1 of the
    others); shares stay 0 where `masses` has none.
    """
    bounds = [
        _MEAN,
        _CONCENTRATION,
        (0.0, _MOST_AT_AN_END if masses.zero else 0.0),
        (0.0, _MOST_AT_AN_END if masses.one else 0.0),
    ]
    lowest, highest = np.array(bounds).T
    found = [
        minimize(
            _loss,
            np.clip(start, lowest, highest),
            args=(seen.right, seen.total, seen.weights),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 300, "ftol": 1e-13, "gtol": 1e-8},
        )
        for start in starts
    ]
    best = min(found, key=lambda one: float(one.fun) if np.isfinite(one.fun) else np.inf)
    mean, concentration, unsolvable, certain = best.x
    return BetaBinomial(
        float(expit(mean)),
        float(np.exp(concentration)),
        float(unsolvable),
        -float(best.fun),
        float((1 - unsolvable) * certain),
    )


def _loss(
    point: FloatArray, right: FloatArray, total: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """Minus the mean log-likelihood and its gradient in the four parameters of `_maximise`."""
    mean, both, unsolvable, certain = expit(point[0]), np.exp(point[1]), point[2], point[3]
    alpha, beta = mean * both, expit(-point[0]) * both
    none, whole = right == 0, right == total
    log_mass = betaln(right + alpha, total - right + beta) - betaln(alpha, beta)
    mass = np.exp(log_mass)
    inner = (1 - certain) * mass
    at_zero = unsolvable + (1 - unsolvable) * inner[none]
    at_one = certain + inner[whole]
    value = np.log1p(-unsolvable) + np.log1p(-certain) + log_mass
    value[none] = np.log(at_zero)
    value[whole] = np.log1p(-unsolvable) + np.log(at_one)
    by_beta_part = np.ones(len(right))
    by_beta_part[none] = (1 - unsolvable) * inner[none] / at_zero
    by_beta_part[whole] = inner[whole] / at_one
    pull = weights * by_beta_part
    shared = digamma(both) - digamma(total + both)
    by_alpha = pull @ (digamma(right + alpha) - digamma(alpha) + shared)
    by_beta = pull @ (digamma(total - right + beta) - digamma(beta) + shared)
    by_zero = np.full(len(right), -1 / (1 - unsolvable))
    by_zero[none] = (1 - inner[none]) / at_zero
    by_one = np.full(len(right), -1 / (1 - certain))
    by_one[none] = -(1 - unsolvable) * mass[none] / at_zero
    by_one[whole] = (1 - mass[whole]) / at_one
    slope = both * mean * expit(-point[0])
    gradient = np.array(
        [
            slope * (by_alpha - by_beta),
            alpha * by_alpha + beta * by_beta,
            weights @ by_zero,
            weights @ by_one,
        ]
    )
    return -float(weights @ value), -gradient
