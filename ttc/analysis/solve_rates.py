"""What counts of right solutions leave open about solve rates, and so about coverage beyond a pool.

A beta-binomial is fitted to what was seen; what coverage does beyond depends on solve rates too
small to be seen. So the forecast here is an average over shapes that explain the counts: solve
rates follow a beta distribution or a logit-normal one, with or without a share at 0 (unsolvable)
and a share at 1 (certain), each of the eight weighed by its evidence and each one's parameters by
their posterior. Where a few problems without a right solution may as well be unsolvable as hard,
both answers have weight, and the interval holds both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, expit, gammaln, log_expit, logsumexp, ndtr

from ttc.analysis.beta_binomial import check_counts
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL

Shape = Literal["beta", "logit-normal"]
SHAPES: tuple[Shape, ...] = ("beta", "logit-normal")

_SIZES = (12, 12, 7, 7)  # points of a shape's two parameters, and of the shares at 0 and 1
_ROUNDS = 3  # in which the grid closes in on what is likely
_NATS = 9.0  # below the best, where nothing matters any more
# Beta: logit of the mean, log of alpha + beta. Logit-normal: mean and log of the spread, in logits.
_RANGES: dict[Shape, tuple[tuple[float, float], tuple[float, float]]] = {
    "beta": ((-9.0, 9.0), (np.log(0.05), np.log(500.0))),
    "logit-normal": ((-14.0, 10.0), (np.log(0.1), np.log(8.0))),
}
_WIDE = 4.0  # prior standard deviation of the mean logit
_LOGITS = (-40.0, 30.0)


@dataclass(frozen=True)
class RateBelief:
    """Possible distributions of solve rates, and how likely each is after the counts.

    shape, first, second: (Q,) which of `SHAPES` and its two parameters (beta: logit of the mean and
    log of alpha + beta; logit-normal: mean and log of the standard deviation of the logit); zero,
    one: (Q,) shares at 0 and at 1; weight: (Q,), summing to 1. none_right, all_right: whether no
    solution of any problem was right, or all were.
    """

    shape: IntArray
    first: FloatArray
    second: FloatArray
    zero: FloatArray
    one: FloatArray
    weight: FloatArray
    none_right: bool = False
    all_right: bool = False

    def pass_at_k(self, k: Sequence[int] | IntArray) -> FloatArray:
        """(Q, K) coverage of new problems under each."""
        sizes = np.asarray(k, dtype=np.float64)
        points = np.column_stack([self.shape, self.first, self.second])
        distinct, member = np.unique(points, axis=0, return_inverse=True)
        solved = np.empty((len(distinct), len(sizes)))
        for i, shape in enumerate(SHAPES):
            own = distinct[:, 0] == i
            if own.any():
                solved[own] = _solved(shape, distinct[own, 1:], sizes)
        rest = (1 - self.zero - self.one)[:, None]
        found: FloatArray = self.one[:, None] + rest * solved[member.ravel()]
        return found

    def forecast(self, k: Sequence[int] | IntArray, level: float = LEVEL) -> CoverageForecast:
        """Mean and central credible interval of coverage of new problems at each k.

        Where nothing, or everything, was right, the interval reaches to 0, or 1: it is one-sided.
        """
        curves = self.pass_at_k(k)
        tail = (1 - level) / 2
        ends = [_quantiles(column, self.weight, (tail, 1 - tail)) for column in curves.T]
        low, high = np.array(ends).T
        low, high = low * (not self.none_right), np.where(self.all_right, 1.0, high)
        return CoverageForecast(np.asarray(k), self.weight @ curves, low, high, level)

    def rates(self, most: int = 1) -> tuple[FloatArray, FloatArray]:
        """The mean distribution: logits, (G,), -inf and inf at its ends, and probabilities (G,).

        Fine enough for posteriors of a solve rate after up to `most` solutions.
        """
        step = min(0.05, 0.5 / np.sqrt(most))
        edges = np.arange(_LOGITS[0], _LOGITS[1] + step / 2, step)
        inside = np.zeros(len(edges) + 1)
        for i, shape in enumerate(SHAPES):
            own = self.shape == i
            theta = np.column_stack([self.first, self.second])[own]
            distinct, member = np.unique(theta, axis=0, return_inverse=True)
            rest = (self.weight * (1 - self.zero - self.one))[own]
            inside += np.bincount(member.ravel(), rest, len(distinct)) @ _cells(
                shape, distinct, edges
            )
        inside[0] += self.weight @ self.zero
        inside[-1] += self.weight @ self.one
        logits = np.concatenate([[-np.inf], edges[:-1] + step / 2, [np.inf]])
        return logits, inside / inside.sum()

    @property
    def odds(self) -> dict[str, float]:
        """Probability of each part of the shape: a logit-normal one, a share at 0, a share at 1."""
        return {
            "logit-normal": float(self.weight[self.shape == 1].sum()),
            "unsolvable": float(self.weight[self.zero > 0].sum()),
            "certain": float(self.weight[self.one > 0].sum()),
        }


@dataclass(frozen=True)
class CoverageForecast:
    """k, mean, low, high: (K,) coverage of new problems, and its interval of that level."""

    k: IntArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    level: float


def believe(n_correct: ArrayLike, n_solutions: ArrayLike) -> RateBelief:
    """What (problems,) counts of right and of all solutions leave open about solve rates.

    n_solutions may differ by problem, and may have been chosen after seeing counts. Priors: each
    shape, and each share at an end being there, 1/2; shares uniform; the beta's mean uniform and
    alpha + beta log-uniform from 0.05 to 500; the logit's mean normal (0, 4) and its standard
    deviation log-uniform from 0.1 to 8. Raises `PoolError` for counts that can't be.
    """
    right, total = check_counts(n_correct, n_solutions)
    pairs, count = np.unique(np.column_stack([right, total]), axis=0, return_counts=True)
    seen = _Counts(pairs[:, 0], pairs[:, 1], count.astype(np.float64))
    found = [
        _posterior(i, name, seen, zero_too, one_too)
        for i, name in enumerate(SHAPES)
        for zero_too in (False, True)
        for one_too in (False, True)
    ]
    evidence = np.concatenate([part.log_weight for part in found])
    weight = np.exp(evidence - logsumexp(evidence))
    kept = weight > 1e-8 * weight.max()
    columns = (np.concatenate([getattr(p, n) for p in found])[kept] for n in _COLUMNS)
    shape, first, second, zero, one = columns
    return RateBelief(
        shape,
        first,
        second,
        zero,
        one,
        weight[kept] / weight[kept].sum(),
        none_right=bool(np.all(right == 0)),
        all_right=bool(np.all(right == total)),
    )


_COLUMNS = ("shape", "first", "second", "zero", "one")


@dataclass(frozen=True)
class _Counts:
    """Distinct (right, total) pairs and how many problems have each, (U,)."""

    right: IntArray
    total: IntArray
    count: FloatArray


@dataclass(frozen=True)
class _Part:
    """Grid points of one shape with or without its ends, and their unnormalised log weights."""

    shape: IntArray
    first: FloatArray
    second: FloatArray
    zero: FloatArray
    one: FloatArray
    log_weight: FloatArray


def _posterior(index: int, shape: Shape, seen: _Counts, zero: bool, one: bool) -> _Part:
    """Close in on where this shape explains the counts; its points there, with their evidence."""
    alone = (0.0, 0.0)
    box = [*_RANGES[shape], (0.0, 1.0) if zero else alone, (0.0, 1.0) if one else alone]
    axes = [_middles(ends) for ends in zip(box, _SIZES, strict=True)]
    value = _log_posterior(shape, seen, axes)
    for _ in range(_ROUNDS):
        box = [_closer(value, i, axes[i], ends) for i, ends in enumerate(box)]
        axes = [_middles(ends) for ends in zip(box, _SIZES, strict=True)]
        value = _log_posterior(shape, seen, axes)
    cell = sum(np.log((b - a) / len(at)) for (a, b), at in zip(box, axes, strict=True) if b > a)
    first, second, low, high = (part.ravel() for part in np.meshgrid(*axes, indexing="ij"))
    high = (1 - low) * high  # the grid's is the share of those that are not at 0
    where = np.full(len(first), index)
    return _Part(where, first, second, low, high, value.ravel() + cell)


def _middles(of: tuple[tuple[float, float], int]) -> FloatArray:
    """Middles of so many equal cells between two ends; one point where they are the same."""
    (low, high), cells = of
    if low == high:
        return np.array([low])
    found: FloatArray = low + (high - low) * (np.arange(cells) + 0.5) / cells
    return found


def _closer(
    value: FloatArray, axis: int, at: FloatArray, ends: tuple[float, float]
) -> tuple[float, float]:
    """The part of an axis that is likely enough somewhere, and a cell on either side."""
    others = tuple(i for i in range(value.ndim) if i != axis)
    likely = np.flatnonzero(value.max(axis=others) > value.max() - _NATS)
    cell = 1.5 * (ends[1] - ends[0]) / len(at)
    return max(ends[0], at[likely[0]] - cell), min(ends[1], at[likely[-1]] + cell)


def _log_posterior(shape: Shape, seen: _Counts, axes: Sequence[FloatArray]) -> FloatArray:
    """Log likelihood and prior on the grid of two parameters and two shares."""
    first, second, low, high = axes
    theta = np.column_stack([part.ravel() for part in np.meshgrid(first, second, indexing="ij")])
    log_mass = _log_mass(shape, theta, seen.right, seen.total)
    none, whole = seen.right == 0, seen.right == seen.total
    inside = ~none & ~whole
    low, high = low[:, None], high[None, :]
    with np.errstate(divide="ignore"):
        rest = np.log1p(-low) + np.log1p(-high)
        value = (log_mass[:, inside] @ seen.count[inside])[:, None, None]
        value = value + seen.count[inside].sum() * rest
        for u in np.flatnonzero(none):
            mass = np.exp(log_mass[:, u])[:, None, None]
            value = value + seen.count[u] * np.log(low + (1 - low) * (1 - high) * mass)
        for u in np.flatnonzero(whole):
            mass = np.exp(log_mass[:, u])[:, None, None]
            value = value + seen.count[u] * (np.log1p(-low) + np.log(high + (1 - high) * mass))
    value = value + _log_prior(shape, theta)[:, None, None]
    return np.asarray(value.reshape(len(first), len(second), low.size, high.size))


def _log_prior(shape: Shape, theta: FloatArray) -> FloatArray:
    """Density of the two parameters, (T,)."""
    centre, (low, high) = theta[:, 0], _RANGES[shape][1]
    if shape == "beta":
        location = log_expit(centre) + log_expit(-centre)
    else:
        location = -0.5 * (centre / _WIDE) ** 2 - np.log(_WIDE * np.sqrt(2 * np.pi))
    return np.asarray(location - np.log(high - low), dtype=np.float64)


def _log_mass(shape: Shape, theta: FloatArray, right: IntArray, total: IntArray) -> FloatArray:
    """(T, U) log probability of each count, without its binomial coefficient."""
    if shape == "beta":
        alpha, beta = _alpha_beta(theta)
        return np.asarray(betaln(right + alpha, total - right + beta) - betaln(alpha, beta))
    logits, density = _nodes(theta, int(total.max()))
    at = logits[:, None]
    known = right * log_expit(at) + (total - right) * log_expit(-at)
    top = known.max(axis=0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(density @ np.exp(known - top)) + top)


def _solved(shape: Shape, theta: FloatArray, k: FloatArray) -> FloatArray:
    """(T, K) mean of 1 - (1 - p)^k."""
    if shape == "beta":
        alpha, beta = _alpha_beta(theta)
        both = alpha + beta
        missed = gammaln(beta + k) - gammaln(both + k) - gammaln(beta) + gammaln(both)
        return np.asarray(-np.expm1(np.minimum(missed, 0.0)))
    logits, density = _nodes(theta, 1)
    return np.asarray(density @ -np.expm1(k * log_expit(-logits)[:, None]))


def _cells(shape: Shape, theta: FloatArray, edges: FloatArray) -> FloatArray:
    """(T, E + 1) probability below, between and above the edges."""
    if shape == "beta":
        alpha, beta = _alpha_beta(theta)
        below = betainc(alpha, beta, expit(edges))
        above = betainc(beta, alpha, expit(-edges))
    else:
        z = (edges - theta[:, :1]) / np.exp(theta[:, 1:])
        below, above = ndtr(z), ndtr(-z)
    # Either tail by itself, for a difference of numbers near 1 has no digits left.
    between = np.where(below[:, 1:] < 0.5, np.diff(below, axis=1), -np.diff(above, axis=1))
    return np.column_stack([below[:, 0], between, above[:, -1]])


def _alpha_beta(theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(T, 1) each."""
    both = np.exp(theta[:, 1:])
    return expit(theta[:, :1]) * both, expit(-theta[:, :1]) * both


def _nodes(theta: FloatArray, most: int) -> tuple[FloatArray, FloatArray]:
    """(G,) logits, and (T, G) the normal law's weights there: fine enough for `most` solutions."""
    # A sum of a normal law's values at steps of its standard deviation is exact to 1e-8; what one
    # problem's solutions tell has a standard deviation of at least 2 / sqrt(n) in logits.
    step = min(0.1, 1 / np.sqrt(most))
    logits = np.arange(_LOGITS[0], _LOGITS[1], step)
    density = np.exp(-0.5 * ((logits - theta[:, :1]) / np.exp(theta[:, 1:])) ** 2)
    return logits, density / density.sum(axis=1, keepdims=True)


def _quantiles(values: FloatArray, weight: FloatArray, at: Sequence[float]) -> FloatArray:
    order = np.argsort(values)
    steps = np.cumsum(weight[order])
    found: FloatArray = np.interp(at, (steps - weight[order] / 2) / steps[-1], values[order])
    return found
