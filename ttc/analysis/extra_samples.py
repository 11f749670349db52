"""Which problems should get more solutions, so that coverage beyond the pool is known better.

What is not known of pass@k = mean of 1 - (1 - p)^k over these problems is, at a k beyond the pool,
nearly all in problems with no or hardly any right solution: 16 of 16 and 8 of 16 right are both
solved by 100 tries. So solutions go where they lower the expected posterior variance most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, log_expit

from ttc.analysis.beta_binomial import check_counts
from ttc.analysis.errors import GridError
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.solve_rates import RateBelief

_DOUBLINGS = 7  # of the solutions that a problem has, at most
_NEGLIGIBLE = 1e-9  # variance of 1 - (1 - p)^k that needs no solution


@dataclass(frozen=True)
class SamplePlan:
    """How many more solutions each problem should get; more: (problems,).

    k: of the pass@k that is to be known. expected: its mean over these problems, now. error_now:
    its posterior standard deviation; error_then: what that is expected to be afterwards;
    error_even: with as many more solutions spread evenly. All take the distribution of solve rates
    as known, which it is not, so real errors are larger. Measured on planted rates (64 problems, 16
    solutions each, then as many again, pass@256): the plan's error is 0.70 to 0.79 of that of even
    spreading, half to two thirds of the variance; 0.93 where three of four problems are unsolved.
    """

    k: int
    more: IntArray
    expected: float
    error_now: float
    error_then: float
    error_even: float

    @property
    def total(self) -> int:
        return int(self.more.sum())


@dataclass(frozen=True)
class _Kind:
    """Problems with the same counts. size: how many; sizes, left: (M,) more solutions and the
    expected variance of pass@k of one problem then; the first is 0 more.
    """

    members: IntArray
    mean: float
    sizes: FloatArray
    left: FloatArray


def pass_of_these(
    belief: RateBelief, n_correct: ArrayLike, n_solutions: ArrayLike, k: int
) -> tuple[FloatArray, FloatArray]:
    """Posterior mean and variance of 1 - (1 - p)^k of each problem: (problems,) each."""
    right, total = check_counts(n_correct, n_solutions)
    logits, prior = belief.rates(int(total.max()))
    solved = _solved(logits, k)
    mean, variance = np.empty(len(total)), np.empty(len(total))
    for c, n, members in _distinct(right, total):
        weight = _posterior(logits, prior, c, n)
        mean[members], variance[members] = _moments(weight, solved)
    return mean, variance


def plan_samples(
    belief: RateBelief,
    n_correct: ArrayLike,
    n_solutions: ArrayLike,
    k: int,
    *,
    share: float = 0.5,
    budget: int | None = None,
) -> SamplePlan:
    """More solutions by problem: the fewest that bring the error of pass@k to `share` of today's,
    or, with a budget, the best use of that many.

    n_correct, n_solutions: (problems,); belief: of `believe` from the same counts. Numbers are
    multiples by powers of two of what a problem has, up to 128 times; where even these don't
    suffice, `error_then` says how far they go. Raises `GridError` for a k below 1 or a share that
    is not between 0 and 1.
    """
    if k < 1 or not 0 < share < 1:
        raise GridError("k is at least 1, and the share of the error that may stay in (0, 1).")
    right, total = check_counts(n_correct, n_solutions)
    logits, prior = belief.rates(int(total.max()) * 4)
    kinds = [_kind(logits, prior, c, n, k, at) for c, n, at in _distinct(right, total)]
    now = sum(len(kind.members) * kind.left[0] for kind in kinds)
    chosen = _allocate(kinds, now * share**2, budget)
    more: IntArray = np.zeros(len(total), dtype=np.int64)
    for kind, place in zip(kinds, chosen, strict=True):
        more[kind.members] = int(kind.sizes[place])
    then = sum(
        len(kind.members) * kind.left[place] for kind, place in zip(kinds, chosen, strict=True)
    )
    each = more.sum() / len(total)
    even = sum(len(kind.members) * np.interp(each, kind.sizes, kind.left) for kind in kinds)
    if budget is not None:
        more = _spent(more, budget, right / total)
    errors = np.sqrt([now, then, even]) / len(total)
    mean = sum(len(kind.members) * kind.mean for kind in kinds) / len(total)
    return SamplePlan(k, more, float(mean), *map(float, errors))


def _allocate(kinds: list[_Kind], target: float, budget: int | None) -> list[int]:
    """Place in each kind's ladder at the price of a solution that just meets target or budget."""

    def at(price: float) -> list[int]:
        return [int(np.argmin(kind.left + price * kind.sizes)) for kind in kinds]

    def enough(chosen: list[int]) -> bool:
        pairs = list(zip(kinds, chosen, strict=True))
        if budget is None:
            return bool(sum(len(kind.members) * kind.left[i] for kind, i in pairs) <= target)
        return bool(sum(len(kind.members) * kind.sizes[i] for kind, i in pairs) > budget)

    dear, cheap = 1.0, 1e-14
    for _ in range(80):
        middle = np.sqrt(dear * cheap)
        dear, cheap = (dear, middle) if enough(at(middle)) else (middle, cheap)
    if budget is not None:
        return at(dear)
    # Prices only find the corners of what is best; between two of them a step down may do.
    chosen = at(cheap)
    for i in range(len(kinds)):
        while chosen[i] and enough([*chosen[:i], chosen[i] - 1, *chosen[i + 1 :]]):
            chosen[i] -= 1
    return chosen


def _spent(more: IntArray, budget: int, rate: FloatArray) -> IntArray:
    """All of a budget: what the ladder's steps leave over goes to the problems least solved."""
    left = budget - int(more.sum())
    order = np.argsort(rate, kind="stable")
    worst = order[rate[order] <= rate[order[0]]]
    extra = np.full(len(worst), left // len(worst))
    extra[: left % len(worst)] += 1
    out = more.copy()
    out[worst] += extra
    return out


def _kind(
    logits: FloatArray, prior: FloatArray, c: int, n: int, k: int, members: IntArray
) -> _Kind:
    solved = _solved(logits, k)
    weight = _posterior(logits, prior, c, n)
    mean, variance = _moments(weight, solved)
    if variance < _NEGLIGIBLE:
        return _Kind(members, mean, np.zeros(1), np.array([variance]))
    sizes = np.unique(np.round(n * 2.0 ** np.arange(-2, _DOUBLINGS + 1)))
    sizes = sizes[sizes > 0]
    left = [variance, *(_expected_variance(logits, weight, solved, int(m)) for m in sizes)]
    return _Kind(members, mean, np.append(0.0, sizes), np.minimum.accumulate(left))


def _expected_variance(
    logits: FloatArray, weight: FloatArray, solved: FloatArray, more: int
) -> float:
    """Mean posterior variance of `solved` after so many more solutions, over what they may show.

    E[Var] = E[solved^2] - E[E[solved | seen]^2]; numbers right above a hundred are told only
    roughly, in groups, for which nothing is left to learn.
    """
    alive = weight > 1e-12
    rate = np.exp(log_expit(logits[alive]))
    seen = np.unique(np.append(np.arange(min(more, 100) + 1), np.geomspace(1, more, 40).round()))
    steps = bdtr(seen[None, :].astype(np.float64), more, rate[:, None])
    law = np.diff(steps, axis=1, prepend=0.0) * weight[alive, None]
    total = law.sum(axis=0)
    means = (solved[alive] @ law) / np.where(total > 0, total, 1.0)
    return max(float(weight @ solved**2 - total @ means**2), 0.0)


def _distinct(right: IntArray, total: IntArray) -> list[tuple[int, int, IntArray]]:
    pairs, member = np.unique(np.column_stack([right, total]), axis=0, return_inverse=True)
    places = member.ravel()
    return [(int(c), int(n), np.flatnonzero(places == i)) for i, (c, n) in enumerate(pairs)]


def _solved(logits: FloatArray, k: int) -> FloatArray:
    """(G,) 1 - (1 - p)^k."""
    found: FloatArray = -np.expm1(k * log_expit(-logits))
    return found


def _posterior(logits: FloatArray, prior: FloatArray, c: int, n: int) -> FloatArray:
    """(G,) probabilities after c of n right."""
    likelihood = np.zeros(len(logits))
    for times, log_rate in ((c, log_expit(logits)), (n - c, log_expit(-logits))):
        if times:  # 0 times minus infinity is nothing
            likelihood = likelihood + times * log_rate
    weight = prior * np.exp(likelihood - likelihood[prior > 0].max())
    found: FloatArray = weight / weight.sum()
    return found


def _moments(weight: FloatArray, values: FloatArray) -> tuple[float, float]:
    mean = float(weight @ values)
    return mean, max(float(weight @ (values - mean) ** 2), 0.0)
