"""Exact best-of-S when a solution's score is the least of V of its verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import gammaln

from ttc.analysis.best_of import best_of_k
from ttc.analysis.best_of_random import best_of_random
from ttc.analysis.estimate import BoolArray, Estimate, FloatArray, IntArray, Method
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.scores import ScoreLattice

Sampled = Callable[[ProblemView, Sequence[int], Sequence[int]], Estimate]
_UNANSWERED = -1.0


def best_worst(
    view: ProblemView, solutions: Sequence[int], verifications: Sequence[int], sampled: Sampled
) -> Estimate:
    """Success of the solution whose least verdict of V is largest, ties shared: (len(S), len(V)).

    A solution without a valid answer is taken only where no other was drawn. Exact by the law of
    the least of a random V-subset; `sampled` stands in where the exact sum would pass the settings'
    cost.
    """
    out = Estimate.unavailable((len(solutions), len(verifications)))
    sizes = [s for s in solutions if s <= view.n_verified]
    for v in (v for v in verifications if 1 <= v <= view.depth and sizes):
        exact = _exact(view, sizes, v)
        for s, value in zip(sizes, exact.tolist(), strict=True):
            cell = solutions.index(s), verifications.index(v)
            if np.isnan(value):
                found = sampled(view, [s], [v])
                code = Method(int(found.method[0, 0]))
                out.set(cell, found.value[0, 0], found.standard_error[0, 0], code)
            else:
                out.set(cell, value, 0.0, Method.EXACT)
    return out


def _exact(view: ProblemView, sizes: Sequence[int], v: int) -> FloatArray:
    """(len(sizes),) exact success, NaN where that would cost too much."""
    correct = view.correct[: view.n_verified]
    if view.settings.verification_draws == "first" or v >= view.depth:
        fixed = np.where(view.answered, least(view.values[:, :v]), _UNANSWERED)
        one: FloatArray = best_of_k(fixed[None], correct[None], sizes)[0]
        return one
    limit = view.settings.max_cost
    if view.values.size * len(view.values) > limit:  # as many levels as verdicts, for each solution
        return np.full(len(sizes), np.nan)
    law = worst_lattice(view.values, view.counts, v, view.answered)
    return best_of_random(law, correct, sizes, limit)


def least(values: FloatArray) -> FloatArray:
    """Least readable verdict of each row, 0 where there is none: (n, V) -> (n,)."""
    known = ~np.isnan(values)
    found = np.where(known, values, np.inf).min(axis=1, initial=np.inf)
    return np.where(known.any(axis=1), found, 0.0)


def worst_lattice(
    values: FloatArray, counts: IntArray, v: int, answered: BoolArray
) -> ScoreLattice:
    """Law of each solution's least score among v random ones of its verifications.

    values: (n, M), NaN for unreadable verdicts, which are never the least, and beyond counts (n,).
    Of m verifications of which b are below x, P(least >= x) is the chance that all v drawn (all m,
    if there are fewer) are among the other m - b, less that all are unreadable, which scores 0. A
    solution without a valid answer is below all others, at -1.
    """
    levels = np.unique(np.concatenate([values[~np.isnan(values)], [0.0, _UNANSWERED]]))
    below = np.stack([np.searchsorted(np.sort(row), levels) for row in values])
    drawn = np.minimum(v, counts)
    reach = _all_among(counts[:, None] - below, counts[:, None], drawn[:, None])
    unreadable = counts - (~np.isnan(values)).sum(axis=1)
    none = _all_among(unreadable, counts, drawn)
    upper = np.where(levels > 0, reach - none[:, None], 1.0)
    upper = np.where(answered[:, None] | (levels == _UNANSWERED), upper, 0.0)
    mass = np.maximum(upper - np.pad(upper[:, 1:], ((0, 0), (0, 1))), 0.0)
    kinds, kind = np.unique(np.round(mass, 15), axis=0, return_inverse=True)
    used = kinds.max(axis=0) > 0
    return ScoreLattice(levels[used], kind.ravel(), kinds[:, used])


def _all_among(some: IntArray, of: IntArray, drawn: IntArray) -> FloatArray:
    """C(some, drawn) / C(of, drawn): the chance that all drawn are among some of them."""
    enough = some >= drawn
    safe = np.where(enough, some, of)
    logs = gammaln(safe + 1.0) - gammaln(safe - drawn + 1.0)
    logs = logs - gammaln(of + 1.0) + gammaln(of - drawn + 1.0)
    return np.where(enough, np.exp(logs), 0.0)
