"""How far results on these very problems would move if their solutions were sampled anew.

Intervals of `ttc.analysis.intervals` are for new problems; those here are for the same problems
and new samples, solutions and verifications alike. A problem's success at S is a U-statistic: the
mean over all subsets of S of the N solutions that it has, each with its verifications. Cut at
random into two halves without a common solution, A and B, with success a and b, and u that of all:

    -E[(a - u)(b - u)] = E[u^2] - E[a b] = Var(u),

as a and b are independent and unbiased, and u is the mean of a over all ways to cut (compare Wang
and Lindsay 2014). This holds for every policy, up to S = N / 2, in which halves can be evaluated at
all. Beyond, a pool doesn't show how its own subsets would vary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from ttc.analysis.errors import GridError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.grid import evaluate
from ttc.analysis.intervals import LEVEL
from ttc.analysis.policies import Policy
from ttc.analysis.pool import PoolArrays
from ttc.analysis.result import GridResult

Measure = Callable[[PoolArrays], FloatArray]
"""From a pool to (problems, ...) values."""


def halves(pool: PoolArrays, rng: np.random.Generator) -> tuple[PoolArrays, PoolArrays]:
    """Two pools with half of each problem's solutions each, cut at random, none in both.

    Verified solutions are halved, and the others; of an odd number one is in neither. Raises
    `GridError` where this leaves a problem without a solution.
    """
    if not _can_be_cut(pool):
        raise GridError("A problem with a single solution can't be cut into halves.")
    judged = _cut(np.zeros_like(pool.n_verified), pool.n_verified, rng)
    others = _cut(pool.n_verified, pool.n_solutions, rng)
    return _part(pool, judged[0], others[0]), _part(pool, judged[1], others[1])


def _can_be_cut(pool: PoolArrays) -> bool:
    judged, others = pool.n_verified, pool.n_solutions - pool.n_verified
    return bool((judged // 2 + others // 2).min() > 0)


def _cut(start: IntArray, stop: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Two halves, (problems, width), of the solutions start .. stop - 1; -1 beyond a half's end."""
    count = stop - start
    place = np.arange(int(count.max(initial=0)))
    inside = place < count[:, None]
    order = np.argsort(np.where(inside, rng.random(inside.shape), 2.0), axis=1) + start[:, None]
    half = (count // 2)[:, None]
    width = int(half.max(initial=0))
    taken = np.arange(width) < half
    moved = np.minimum(np.arange(width) + half, max(0, len(place) - 1))
    first = np.where(taken, order[:, :width], -1)
    second = np.where(taken, np.take_along_axis(order, moved, axis=1), -1)
    return first, second


def pool_of(pool: PoolArrays, solutions: IntArray) -> PoolArrays:
    """A pool of these solutions, (problems, width) places; the verified ones of each come first.

    -1 for none, at the end of a row.
    """
    judged = np.where(solutions < pool.n_verified[:, None], solutions, -1)
    judged = np.take_along_axis(judged, np.argsort(judged < 0, axis=1, kind="stable"), axis=1)
    width = int((judged >= 0).sum(axis=1).max(initial=0))
    others = np.where(solutions < pool.n_verified[:, None], -1, solutions)
    return _part(pool, judged[:, :width], others)


def _part(pool: PoolArrays, judged: IntArray, others: IntArray) -> PoolArrays:
    """The pool of these solutions, those with verifications first; -1 for none."""
    rows = np.hstack([judged, others])
    # Each row's solutions first, in order, then its padding.
    rows = np.take_along_axis(rows, np.argsort(rows < 0, axis=1, kind="stable"), axis=1)
    return pool.part(rows, judged)


def again(pool: PoolArrays, rng: np.random.Generator) -> PoolArrays:
    """A pool of as many of each problem's own solutions, with replacement; verified ones apart."""
    none = np.zeros_like(pool.n_verified)
    return _part(
        pool,
        _drawn(none, pool.n_verified, rng),
        _drawn(pool.n_verified, pool.n_solutions, rng),
    )


def _drawn(start: IntArray, stop: IntArray, rng: np.random.Generator) -> IntArray:
    """(problems, width) draws from start .. stop - 1, as many as these are; -1 beyond."""
    count = stop - start
    place = np.arange(int(count.max(initial=0)))
    found = start[:, None] + rng.integers(
        0, np.maximum(count, 1)[:, None], (len(count), len(place))
    )
    return np.where(place < count[:, None], found, -1)


def new_samples_variance(
    pool: PoolArrays,
    whole: FloatArray,
    measure: Measure,
    rng: np.random.Generator,
    replicates: int | None = None,
    steady: ArrayLike = 0.5,
) -> FloatArray:
    """Variance, (...), of the mean over these problems, all of whose samples would be new.

    measure: from a pool to (problems, ...), such as success of policies or a difference of two, NaN
    where the pool is too small; whole: what it returns for this pool. It is taken of both halves
    and of one resample, `replicates` times (of as many as to have 120 over all problems, between 2
    and 4). NaN where halves are too small.

    Two estimates are mixed. That of halves is unbiased, and noisy where S is near N / 2; resamples
    of solutions with replacement (Efron 1979) have less noise, and a bias, as they hold some
    solutions twice: too small for coverage and best-of-N, too large for votes. steady: the share
    that these have, (...); S / N is a good one.
    """
    if not _can_be_cut(pool):
        return np.full(whole.shape[1:], np.nan)
    replicates = replicates or int(np.clip(np.ceil(120 / pool.n_problems), 2, 4))
    split = np.zeros_like(whole)
    drawn = []
    for _ in range(replicates):
        first, second = (measure(half) for half in halves(pool, rng))
        split -= (first - whole) * (second - whole) / replicates
        drawn.append(measure(again(pool, rng)))
    unbiased = np.maximum(split.sum(axis=0), 0.0)
    again_and_again = np.var(drawn, axis=0, ddof=1).sum(axis=0)
    share = np.asarray(steady)
    return np.asarray(((1 - share) * unbiased + share * again_and_again) / len(whole) ** 2)


def new_samples_error(
    pool: PoolArrays,
    grid: GridResult,
    policies: Sequence[Policy],
    rng: np.random.Generator,
    replicates: int | None = None,
) -> FloatArray:
    """Standard error of `grid.mean()` over these problems, all of whose samples would be new.

    grid: what `evaluate` returned for the pool and these policies; as (policy, S, V). It costs
    about as much as `replicates` evaluations (see `new_samples_variance`). NaN where the grid is,
    and for S beyond half of some problem's solutions (of its verified ones, where a policy reads
    verifications): of a single set of solutions nothing tells how another would have done.
    """

    def measure(part: PoolArrays) -> FloatArray:
        return _success(part, grid, policies, rng)

    share = _sizes(pool, grid, policies)
    variance = new_samples_variance(pool, grid.success, measure, rng, replicates, share)
    # Monte Carlo adds its own, of which halves, compared with the whole, have taken some off.
    monte_carlo = (grid.standard_error**2).sum(axis=0) / len(grid.success) ** 2
    return np.asarray(np.sqrt(variance + monte_carlo))


def _sizes(pool: PoolArrays, grid: GridResult, policies: Sequence[Policy]) -> FloatArray:
    """(policy, S, 1) the part of a problem's solutions that S is, in the smallest problem."""
    shares = np.ones((len(policies), len(grid.S), 1))
    for i, policy in enumerate(policies):
        have = pool.n_verified if policy.reads_verifications else pool.n_solutions
        shares[i, :, 0] = _needed(policy, grid.S) / max(1, int(have.min()))
    return np.minimum(shares, 1.0)


def _needed(policy: Policy, S: IntArray) -> IntArray:
    """Where more solutions change nothing, fewer do."""
    return S if policy.largest is None else np.minimum(S, policy.largest)


def _success(
    pool: PoolArrays, grid: GridResult, policies: Sequence[Policy], rng: np.random.Generator
) -> FloatArray:
    """Success at the cells of a grid, (problems, policy, S, V), NaN where the pool is too small."""
    found = np.full((pool.n_problems, *grid.success.shape[1:]), np.nan)
    depths = [int(v) for v in grid.V if 0 < v <= pool.n_verifications.max(initial=0)]
    # Policies that are asked for the same are asked together: they share what is costly.
    alike: dict[tuple[bool, tuple[int, ...]], list[int]] = {}
    for i, policy in enumerate(policies):
        wanted = tuple(_needed(policy, grid.S).tolist())
        alike.setdefault((policy.reads_verifications, wanted), []).append(i)
    for (reads, wanted), places in alike.items():
        have = pool.n_verified if reads else pool.n_solutions
        sizes = sorted({s for s in wanted if s <= have.min()})
        if not sizes or (reads and not depths):
            continue
        own = evaluate(pool, sizes, depths, [policies[i] for i in places], rng, grid.settings)
        columns = np.searchsorted(grid.V, own.V)
        for k, i in enumerate(places):
            for j, s in enumerate(wanted):
                if s in sizes:
                    found[:, i, j, columns] = own.success[:, k, sizes.index(s)]
    return found


def independent_draws(pool: PoolArrays, grid: GridResult, policies: Sequence[Policy]) -> FloatArray:
    """(policy, S, V) how many sets of S solutions without a common one all problems have."""
    draws = np.ones(grid.success.shape[1:])
    for i, policy in enumerate(policies):
        have = pool.n_verified if policy.reads_verifications else pool.n_solutions
        for j, size in enumerate(_needed(policy, grid.S).tolist()):
            draws[i, j] = max(1.0, float((have // size).sum()))
    return draws


def new_samples_interval(
    mean: FloatArray,
    error: FloatArray,
    draws: FloatArray,
    problems: int,
    level: float = LEVEL,
) -> tuple[FloatArray, FloatArray]:
    """Interval of a mean over these problems, for new samples; arrays of one shape.

    A score interval, as `ttc.analysis.intervals.mean_interval`, whose variance counts one half of
    an imagined draw of S solutions that went otherwise; draws: as of `independent_draws`.
    """
    quantile = float(stdtrit(max(1, problems - 1), (1 + level) / 2))
    inside = np.clip(mean, 0, 1)
    about = (draws * inside + 0.5) / (draws + 1)
    width = quantile**2 * (error**2 + 0.5 / draws**2) / (about * (1 - about))
    centre = (inside + width / 2) / (1 + width)
    half = np.sqrt(width * inside * (1 - inside) + width**2 / 4) / (1 + width)
    return np.asarray(np.maximum(centre - half, 0)), np.asarray(np.minimum(centre + half, 1))
