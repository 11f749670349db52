"""What a policy is to a grid, and exact success probabilities of some.

An estimator is a function of one problem's view, S values and V values that returns an `Estimate`
of shape (len(S), len(V)). Policies that read no verification are asked for V = 0 only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ttc.analysis.best_of import best_of_k
from ttc.analysis.best_of_random import best_of_random
from ttc.analysis.estimate import Estimate, FloatArray, Method
from ttc.analysis.majority import class_counts, fill_cell
from ttc.analysis.passk import pass_at_k
from ttc.analysis.problem_view import ProblemView


class Policy(Protocol):
    """A policy, as far as its success goes. `ttc.policies` has them.

    label: what it is called in results; largest: the S beyond which more solutions change nothing,
    None for no such.
    """

    @property
    def label(self) -> str: ...

    @property
    def reads_verifications(self) -> bool: ...

    @property
    def largest(self) -> int | None: ...

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate: ...


def first(view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]) -> Estimate:
    """Take the first solution: the mean accuracy, whatever S."""
    value = np.where(np.asarray(solutions) <= len(view.correct), view.correct.mean(), np.nan)
    return Estimate.exact(value[:, None].astype(np.float64))


def oracle(view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]) -> Estimate:
    """Take a right solution if there is one: pass@S, the upper bound of every policy."""
    total = len(view.correct)
    out = np.full((len(solutions), 1), np.nan)
    inside = [i for i, s in enumerate(solutions) if s <= total]
    if inside:
        k = [solutions[i] for i in inside]
        out[inside, 0] = pass_at_k(view.correct.sum(), total, k)[0]
    return Estimate.exact(out)


def majority(view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]) -> Estimate:
    """Take the most frequent valid answer of S: exact maj@S where affordable."""
    counts = class_counts(view.answer_class, view.correct)
    out = Estimate.unavailable((len(solutions), 1))
    limits = view.settings
    for i, s in enumerate(solutions):
        if s <= len(view.answer_class):
            rng = view.generator(2, s)
            fill_cell(out, (i, 0), *counts, s, rng, limits.max_cost, limits.draws)
    return out


def best_of_n(
    view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
) -> Estimate:
    """Take the solution of highest mean verification score among S, each verified V times.

    Exact for fixed scores (all M verifications, or the first V) and for yes/no verdicts; Monte
    Carlo for other scores, or where the exact sum would pass the settings' cost.
    """
    out = Estimate.unavailable((len(solutions), len(verifications)))
    sizes = [s for s in solutions if s <= view.n_verified]
    depths = [v for v in verifications if 1 <= v <= view.depth]
    if not view.binary:
        view.prepare(depths)
    for v in depths if sizes else []:
        values = _exact_best(view, sizes, v)
        for s, value in zip(sizes, values.tolist(), strict=True):
            cell = solutions.index(s), verifications.index(v)
            if not np.isnan(value):
                out.set(cell, value, 0.0, Method.EXACT)
                continue
            shares = _best_shares(view, s, v)
            error = shares.std(ddof=1) / np.sqrt(len(shares))
            out.set(cell, shares.mean(), error, Method.MONTE_CARLO)
    return out


def _exact_best(view: ProblemView, sizes: Sequence[int], v: int) -> FloatArray:
    """(len(sizes),) exact best-of-s, NaN where there is none at an affordable cost."""
    correct = view.correct[: view.n_verified]
    fixed, lattice = view.fixed_scores(v), view.lattice(v)
    if fixed is not None:
        exact: FloatArray = best_of_k(fixed[None], correct[None], sizes)[0]
        return exact
    if lattice is not None:
        return best_of_random(lattice, correct, sizes, view.settings.max_cost)
    unknown: FloatArray = np.where(np.asarray(sizes) == 1, correct.mean(), np.nan)
    return unknown


def _best_shares(view: ProblemView, s: int, v: int) -> FloatArray:
    """(draws,) share of right solutions among the best scored of each draw of s."""
    chosen = view.orders[:, :s]
    scores = np.broadcast_to(view.score_draws(v), view.orders.shape)
    drawn = np.take_along_axis(scores, chosen, axis=1)
    best = drawn == drawn.max(axis=1, keepdims=True)
    right = np.count_nonzero(best & view.correct[chosen], axis=1)
    share: FloatArray = right / np.count_nonzero(best, axis=1)
    return share
