"""Less noise in Monte Carlo: majority vote on the same draws, whose success is known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import Estimate, FloatArray, Method
from ttc.analysis.majority import class_counts, fill_cell
from ttc.analysis.problem_view import ProblemView


def controlled(
    wins: FloatArray, view: ProblemView, orders: NDArray[np.int64], s: int
) -> tuple[float, float]:
    """Mean of a policy's wins, (draws,), over draws of the first s of `orders`, and its error.

    Majority vote on these draws is a control variate: what its share of wins there misses of the
    exact one, the policy misses alike as far as the two go together (the regression on these
    draws). Of a rule that votes and has not yet stopped, what is left is the noise of its ties.
    """
    truth = _exact(view, orders.shape[1], s)
    key = ("drawn votes", *orders.shape, s)
    votes = view.shared(key, lambda: _vote(view, orders[:, :s]))
    spread = votes.var()
    if np.isnan(truth) or spread == 0:
        return float(wins.mean()), float(wins.std(ddof=1) / np.sqrt(len(wins)))
    slope = np.mean((wins - wins.mean()) * (votes - votes.mean())) / spread
    rest = wins - slope * (votes - truth)
    return float(np.clip(rest.mean(), 0, 1)), float(rest.std(ddof=1) / np.sqrt(len(rest)))


def _exact(view: ProblemView, width: int, s: int) -> float:
    """Success of majority vote over s of the first `width` solutions; NaN where it costs much."""

    def value() -> float:
        out = Estimate.unavailable((1,))
        counts = class_counts(view.answer_class[:width], view.correct[:width])
        fill_cell(out, (0,), *counts, s, view.generator(6), view.settings.max_cost / 10, 2)
        return float(out.value[0]) if out.method[0] == Method.EXACT else np.nan

    return view.shared(("exact vote", width, s), value)


def _vote(view: ProblemView, chosen: NDArray[np.int64]) -> FloatArray:
    """(draws,) majority vote's share of the win for right classes, over (draws, s) solutions."""
    known, label = np.unique(view.answer_class, return_inverse=True)
    cells = label[chosen] + np.arange(len(chosen))[:, None] * len(known)
    votes = np.bincount(cells.ravel(), minlength=len(chosen) * len(known))
    votes = votes.reshape(len(chosen), len(known))[:, known >= 0]
    most = votes.max(axis=1, initial=1)  # without a vote nobody wins
    best = votes == most[:, None]
    right = np.isin(known[known >= 0], view.right_classes)
    share: FloatArray = best[:, right].sum(axis=1) / np.maximum(best.sum(axis=1), 1)
    return share
