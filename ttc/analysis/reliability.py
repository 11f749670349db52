"""What repeated samples of a problem say beside pass@k: reliability, and coverage as one figure.

All take (problems,) counts of right ones and of all solutions, with as many solutions as each
problem has, and are exact averages over random subsets, as `pass_at_k` is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, gammaln

from ttc.analysis.errors import GridError, PoolError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.passk import check_sizes, draw_ratio

UNIFORM = (1.0, 1.0)
"""Beta prior of a solve rate: right, wrong."""
_SLACK = 1e-9  # of tau k, which need not be whole in binary


def pass_hat_k(n_correct: ArrayLike, n_solutions: ArrayLike, k: Sequence[int]) -> FloatArray:
    """Unbiased pass^k: C(c, k) / C(n, k), the probability that k random solutions are all right.

    n_correct, n_solutions: (problems,) int; returns (problems, len(k)), NaN where k > n. Raises
    `GridError` as `pass_at_k` does. (tau-bench, arXiv 2406.12045.)
    """
    right, total = _counts(n_correct, n_solutions)
    check_sizes(k, int(total.max()))
    out = np.full((len(total), len(k)), np.nan)
    for column, size in enumerate(k):
        ok = total >= size
        out[ok, column] = draw_ratio(right[ok], total[ok], size)
    return out


def g_pass_at_k(
    n_correct: ArrayLike, n_solutions: ArrayLike, k: Sequence[int], tau: float
) -> FloatArray:
    """G-Pass@k at tau: the probability that at least ceil(tau k) of k random solutions are right.

    n_correct, n_solutions: (problems,) int; tau: share in (0, 1], 1 gives pass^k and one that is
    small enough pass@k; returns (problems, len(k)), NaN where k > n. Raises `GridError` for such a
    k as `pass_at_k` does, and for another tau. (arXiv 2412.13147, equation 3: the upper tail of a
    hypergeometric law.)
    """
    if not 0 < tau <= 1:
        raise GridError(f"tau is the share that must be right, above 0 and at most 1, not {tau}.")

    def enough(size: int) -> FloatArray:
        needed = np.ceil(tau * size - _SLACK)
        return np.asarray(np.arange(size + 1) >= needed, dtype=np.float64)

    return _credited(n_correct, n_solutions, k, enough)


def mg_pass_at_k(n_correct: ArrayLike, n_solutions: ArrayLike, k: Sequence[int]) -> FloatArray:
    """mG-Pass@k: G-Pass@k averaged over tau from 0.5 to 1, (problems, len(k)); NaN where k > n.

    As published, (2 / k) sum of G-Pass@k at tau = i / k over i from ceil(k / 2) + 1 to k. That is
    the average over tau where k is even; for an odd k the sum lacks half a step, so that it is 0
    at k = 1 and at most 1 - 1/k. Raises as `pass_at_k`. (arXiv 2412.13147, equation 4.)
    """

    def credit(size: int) -> FloatArray:
        beyond = np.arange(size + 1) - (size + 1) // 2
        return np.asarray(2.0 / size * np.maximum(beyond, 0))

    return _credited(n_correct, n_solutions, k, credit)


def coverage_area(
    n_correct: ArrayLike, n_solutions: ArrayLike, largest: int | None = None
) -> FloatArray:
    """Area under pass@k over log k from 1 to K, divided by log K: (problems,) in [0, 1].

    largest: K, the fewest solutions of a problem unless given. pass@k is exact at every whole k
    and joined by straight lines in log k, so

        area = sum_{1 <= k < K} (pass@k + pass@(k+1)) / 2 * log((k+1) / k) / log K,

    the mean coverage of a budget that is equally likely in each doubling; pass@1 for K = 1. NaN
    where a problem has fewer than K solutions. Raises `GridError` as `pass_at_k`. (AUC@K of arXiv
    2601.08763 is the same over k instead of log k, most of it at budgets near K.)
    """
    right, total = _counts(n_correct, n_solutions)
    most = int(total.min()) if largest is None else largest
    check_sizes([most], int(total.max()))
    pairs, member = np.unique(np.column_stack([right, total]), axis=0, return_inverse=True)
    step = np.log1p(1 / np.arange(1.0, most))
    weight = (np.append(step, 0.0) + np.append(0.0, step)) / 2
    weight = weight / weight.sum() if most > 1 else np.ones(1)
    drawn = np.arange(most)
    area = np.full(len(pairs), np.nan)
    for i, (c, n) in enumerate(pairs):
        if n >= most:
            curve = 1.0 - np.cumprod(np.maximum(n - c - drawn, 0) / (n - drawn))
            area[i] = min(1.0, float(weight @ curve))
    found: FloatArray = area[member.ravel()]
    return found


@dataclass(frozen=True)
class Posterior:
    """Solve rates of problems after their samples, as Bayes@N has them.

    mean, sd: (problems,) of each one's posterior; low, high: (problems,) ends of the central
    credible interval, NaN where outcomes have more than two values. overall: mean of the average
    over these problems; overall_sd: its standard deviation, of new samples of the same problems.
    """

    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def overall(self) -> float:
        return float(self.mean.mean())

    @property
    def overall_sd(self) -> float:
        return float(np.sqrt(np.sum(self.sd**2))) / len(self.sd)


def bayes_at_n(
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    *,
    prior: tuple[float, float] = UNIFORM,
    level: float = 0.95,
) -> Posterior:
    """Bayes@N of right and wrong: the posterior Beta(a + c, b + n - c) of each solve rate.

    n_correct, n_solutions: (problems,) int; prior: (a, b), both above 0, uniform unless given, for
    which the mean is (1 + c) / (2 + n). Raises `PoolError` for counts or a prior that can't be.
    (arXiv 2510.04265, with two outcomes; the interval of one problem is exact.)
    """
    right, total = _counts(n_correct, n_solutions)
    made = bayes_of_outcomes(np.column_stack([total - right, right]), (0.0, 1.0), prior[::-1])
    tail = (1 - level) / 2
    a, b = prior[0] + right, prior[1] + total - right
    low, high = (np.asarray(betaincinv(a, b, at), dtype=np.float64) for at in (tail, 1 - tail))
    return Posterior(made.mean, made.sd, low, high)


def bayes_of_outcomes(
    counts: ArrayLike, worth: Sequence[float], prior: Sequence[float] | None = None
) -> Posterior:
    """Bayes@N of outcomes that are worth something: their mean worth under a Dirichlet posterior.

    counts: (problems, outcomes) how often each came; worth: (outcomes,); prior: (outcomes,)
    Dirichlet parameters above 0, all 1 unless given. With nu = counts + prior and T = sum nu, the
    mean is sum nu w / T and the variance (sum nu w^2 / T - mean^2) / (T + 1). Raises `PoolError`
    where shapes or values can't be. (arXiv 2510.04265, equations 1 and 2, there with prior 1.)
    """
    seen = np.asarray(counts, dtype=np.float64)
    value = np.asarray(worth, dtype=np.float64)
    before = np.ones(len(value)) if prior is None else np.asarray(prior, dtype=np.float64)
    if seen.ndim != 2 or seen.shape[1:] != value.shape or before.shape != value.shape:
        raise PoolError(
            "counts must be (problems, outcomes), with the worth and the prior of each outcome."
        )
    if len(seen) == 0 or np.any(seen < 0) or not np.all(before > 0):
        raise PoolError("Outcomes are counted from 0 up, and their prior is above 0.")
    share = (seen + before) / (seen + before).sum(axis=1, keepdims=True)
    mean = share @ value
    around = np.sum(share * (value - mean[:, None]) ** 2, axis=1)
    sd = np.sqrt(around / (seen.sum(axis=1) + before.sum() + 1))
    unknown = np.full(len(seen), np.nan)
    return Posterior(mean, sd, unknown, unknown)


def _credited(
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    k: Sequence[int],
    credit: Callable[[int], FloatArray],
) -> FloatArray:
    """Mean credit of the number of right ones among k: credit(k) is (k + 1,) for 0 to k."""
    right, total = _counts(n_correct, n_solutions)
    check_sizes(k, int(total.max()))
    pairs, member = np.unique(np.column_stack([right, total]), axis=0, return_inverse=True)
    out = np.full((len(pairs), len(k)), np.nan)
    for column, size in enumerate(k):
        ok = pairs[:, 1] >= size
        law = _hypergeometric(pairs[ok, 0], pairs[ok, 1], size)
        out[ok, column] = np.clip(law @ credit(size), 0.0, 1.0)
    found: FloatArray = out[member.ravel()]
    return found


def _hypergeometric(right: IntArray, total: IntArray, k: int) -> FloatArray:
    """(problems, k + 1) probability of j right ones among k of `total`, for j from 0 to k."""
    c, n = right[:, None], total[:, None]
    j = np.arange(k + 1)[None, :]
    possible = (j <= c) & (k - j <= n - c)
    j = np.clip(j, np.maximum(0, k - n + c), np.minimum(c, k))
    log_mass = _log_choose(c, j) + _log_choose(n - c, k - j) - _log_choose(n, k)
    mass = np.where(possible, np.exp(log_mass), 0.0)
    # The sum is 1 but for what the log-gamma function rounded.
    return np.asarray(mass / mass.sum(axis=1, keepdims=True), dtype=np.float64)


def _log_choose(n: ArrayLike, k: ArrayLike) -> FloatArray:
    above, of = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
    value: FloatArray = gammaln(above + 1) - gammaln(of + 1) - gammaln(above - of + 1)
    return value


def _counts(n_correct: ArrayLike, n_solutions: ArrayLike) -> tuple[IntArray, IntArray]:
    """(problems,) both. Raises `PoolError` for counts that can't be."""
    right, total = np.broadcast_arrays(np.atleast_1d(n_correct), np.atleast_1d(n_solutions))
    if total.ndim != 1 or total.size == 0 or np.any(right < 0) or np.any(right > total):
        raise PoolError(
            "Counts are (problems,), at least one, with right ones from 0 to all solutions."
        )
    return right, total
