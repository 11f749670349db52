"""Votes that use verifications: weighted majority and pessimistic verification, by Monte Carlo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import BoolArray, Estimate, FloatArray, Method
from ttc.analysis.problem_view import ProblemView

TIE_TOLERANCE = 1e-12
"""What sums of scores may differ by and tie, of 1 or, where that is more, of the largest sum."""

Merit = Callable[[FloatArray, FloatArray, Callable[[], FloatArray]], FloatArray]
"""(total score by class, votes by class, and what makes the verifications by class, those of
invalid answers too) -> merit of each class; the largest wins."""


def vote_by_merit(
    view: ProblemView, solutions: Sequence[int], verifications: Sequence[int], merit: Merit
) -> Estimate:
    """Success of the vote that takes the class of largest merit: (len(S), len(V)).

    Classes without a vote in the draw, and invalid answers, cannot win; equal merits (see
    `near_best`) share the win. The average is over random S-subsets of the verified solutions and,
    as the settings say, over random V-subsets of each one's verifications. S = 1 is exact (the one
    drawn answer wins), as is the whole pool with scores that are not random.
    """
    out = Estimate.unavailable((len(solutions), len(verifications)))
    sizes = sorted({s for s in solutions if s <= view.n_verified})
    depths = [v for v in verifications if 1 <= v <= view.depth]
    view.prepare(list(depths))
    for v in depths:
        column = verifications.index(v)
        wins = _win_shares(view, sizes, v, merit)
        for s in sizes:
            cell = solutions.index(s), column
            if s == 1:
                out.set(cell, view.correct[: view.n_verified].mean(), 0.0, Method.EXACT)
            elif s == view.n_verified and view.fixed_scores(v) is not None:
                out.set(cell, wins[s][0], 0.0, Method.EXACT)
            else:
                out.set(cell, wins[s].mean(), _standard_error(wins[s]), Method.MONTE_CARLO)
    return out


def _standard_error(shares: FloatArray) -> float:
    return float(shares.std(ddof=1) / np.sqrt(len(shares)))


def _win_shares(view: ProblemView, sizes: list[int], v: int, merit: Merit) -> dict[int, FloatArray]:
    """For each S, (draws,) share of the win that goes to right classes."""
    ballot = view.shared(("ballot", *sizes), lambda: Ballot.of(view, sizes))
    totals = view.shared(("totals", v, *sizes), lambda: ballot.totals(view.score_draws(v)))

    def judged(place: int) -> FloatArray:
        """(draws, classes) of one S: a solution with fewer than V has all of its own."""
        counts = np.minimum(view.counts, v)[None].astype(np.float64)
        by_class = view.shared(("judged", v, *sizes), lambda: ballot.totals(counts))
        return np.asarray(by_class[place])

    shares = {}
    for i, (s, votes, total) in enumerate(zip(sizes, ballot.votes, totals, strict=True)):
        value = np.where(votes > 0, merit(total, votes, partial(judged, i)), -np.inf)
        shares[s] = _share(value, ballot.right)
    return shares


@dataclass(frozen=True)
class Ballot:
    """The drawn orders of one problem's verified solutions, sorted into answer classes.

    slots: for each S the flat (draw, class) cells of the solutions that S adds to the next smaller
    one; votes: (S, draws, classes), 0 in the column of invalid answers; right: (classes,) which
    columns are right.
    """

    orders: NDArray[np.int64]
    slots: list[NDArray[np.int64]]
    starts: list[int]
    votes: FloatArray
    right: BoolArray

    @classmethod
    def of(cls, view: ProblemView, sizes: list[int]) -> Ballot:
        classes, label = np.unique(view.answer_class[: view.n_verified], return_inverse=True)
        orders = view.orders
        slot = label.ravel()[orders] + np.arange(len(orders))[:, None] * len(classes)
        starts = [0, *sizes]
        slots = [slot[:, a:b].ravel() for a, b in pairwise(starts)]
        shape = (len(orders), len(classes))
        counts = [np.bincount(part, minlength=shape[0] * shape[1]) for part in slots]
        votes = np.cumsum(counts, axis=0, dtype=np.float64).reshape(-1, *shape)
        votes[..., classes < 0] = 0.0
        return cls(orders, slots, starts, votes, np.isin(classes, view.right_classes))

    def totals(self, scores: FloatArray) -> FloatArray:
        """(S, draws, classes) summed scores, from (draws, n) or (1, n)."""
        drawn = np.take_along_axis(np.broadcast_to(scores, self.orders.shape), self.orders, axis=1)
        totals = np.zeros(self.votes.shape)
        running = np.zeros(self.votes[0].size)
        blocks = pairwise(self.starts)
        for out, slot, (a, b) in zip(totals, self.slots, blocks, strict=True):
            running += np.bincount(slot, drawn[:, a:b].ravel(), running.size)
            out[:] = running.reshape(out.shape)
        return totals


def _share(value: FloatArray, right: BoolArray) -> FloatArray:
    """Share of right classes among the best; (draws, classes) -> (draws,)."""
    near = near_best(value)
    share: FloatArray = near[:, right].sum(axis=1) / np.maximum(near.sum(axis=1), 1)
    return share


def near_best(value: FloatArray) -> BoolArray:
    """Which of (..., classes) merits are the largest, but for round-off of the sums in them.

    -inf: can't win, and where all are, none does.
    """
    best = value.max(axis=-1, initial=-np.inf, keepdims=True)
    slack = TIE_TOLERANCE * np.maximum(1.0, np.abs(best))
    near: BoolArray = np.isfinite(value) & (value >= np.where(np.isfinite(best), best - slack, 0))
    return near


def total_score(
    total: FloatArray, votes: FloatArray, judged: Callable[[], FloatArray]
) -> FloatArray:
    """Weighted majority: the sum of the mean scores of a class's solutions."""
    return total


def pessimistic_merit(alpha: float) -> Merit:
    """Merit of pessimistic verification: r(a) - alpha ln(S V) / (N_a V + 1).

    r(a) is the mean score and N_a the number of class a's solutions among the S drawn, each with V
    verifications; where some have fewer, S V and N_a V are those that there are (arXiv 2504.10337
    for the principle; this form agrees with the published V = 1 rule of arXiv 2510.14913). alpha =
    0 takes the best mean score; a large alpha tends to plain majority.
    """

    def merit(total: FloatArray, votes: FloatArray, judged: Callable[[], FloatArray]) -> FloatArray:
        each = judged()
        penalty = alpha * np.log(each.sum(axis=-1, keepdims=True)) / (each + 1)
        value: FloatArray = total / np.maximum(votes, 1) - penalty
        return value

    return merit


def weighted_majority(
    view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
) -> Estimate:
    """Weighted majority vote (arXiv 2504.01005, weighted SC): see `vote_by_merit`."""
    return vote_by_merit(view, solutions, verifications, total_score)


def pessimistic(
    view: ProblemView, solutions: Sequence[int], verifications: Sequence[int], alpha: float
) -> Estimate:
    """Pessimistic verification: see `pessimistic_merit`."""
    return vote_by_merit(view, solutions, verifications, pessimistic_merit(alpha))
