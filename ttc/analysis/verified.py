"""Policies that read verifications, as plain functions of arrays, batched over problems, S and V.

Shapes are those of `PoolArrays`: answer_class (problems, N) with -1 for an invalid answer and -2
for padding; correct (problems, N), which solutions are right, all or none of a class (see
`labels.split_by_label`); scores (problems, verified, M) in [0, 1], NaN for an unreadable verdict,
of the first `verified` solutions; verification_count (problems, verified), how many of the M exist,
all of them unless given.

Each returns an `Estimate` whose arrays are (problems, len(S), len(V)), in the order asked for:
the success probability over uniformly random S of the verified solutions and, for each of these,
random V of its verifications, whose variance is thus part of it. Cells beyond a problem's pool are
NaN. A wrong array raises `PoolError`, an S or V that no problem has `GridError`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis import policies, weighted
from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import Estimate
from ttc.analysis.grid import evaluate
from ttc.analysis.pool import PADDING, PoolArrays
from ttc.analysis.settings import EstimatorSettings


def best_of_n(
    answer_class: ArrayLike,
    correct: ArrayLike,
    scores: ArrayLike,
    S: Sequence[int],
    V: Sequence[int],
    rng: np.random.Generator,
    *,
    verification_count: ArrayLike | None = None,
    settings: EstimatorSettings | None = None,
) -> Estimate:
    """The solution of highest mean score wins, ties shared, invalid answers scored 0.

    Exact for yes/no verdicts and where V takes all verifications (or, by the settings, the first
    V); Monte Carlo over random subsets of other scores.
    """
    pool = _pool(answer_class, correct, scores, verification_count)
    return _one_policy(policies.best_of_n, pool, S, V, rng, settings)


def weighted_majority(
    answer_class: ArrayLike,
    correct: ArrayLike,
    scores: ArrayLike,
    S: Sequence[int],
    V: Sequence[int],
    rng: np.random.Generator,
    *,
    verification_count: ArrayLike | None = None,
    settings: EstimatorSettings | None = None,
) -> Estimate:
    """The answer of largest summed mean score wins (weighted SC), by Monte Carlo."""
    pool = _pool(answer_class, correct, scores, verification_count)
    return _one_policy(weighted.weighted_majority, pool, S, V, rng, settings)


def pessimistic(
    answer_class: ArrayLike,
    correct: ArrayLike,
    scores: ArrayLike,
    S: Sequence[int],
    V: Sequence[int],
    rng: np.random.Generator,
    *,
    alpha: float = 0.5,
    verification_count: ArrayLike | None = None,
    settings: EstimatorSettings | None = None,
) -> Estimate:
    """The answer of best mean score wins, less `alpha` ln(S V) / (N_a V + 1).

    By Monte Carlo; see `weighted.pessimistic_merit` for the rule and its sources.
    """
    pool = _pool(answer_class, correct, scores, verification_count)
    return _one_policy(partial(weighted.pessimistic, alpha=alpha), pool, S, V, rng, settings)


def _pool(
    answer_class: ArrayLike,
    correct: ArrayLike,
    scores: ArrayLike,
    verification_count: ArrayLike | None,
) -> PoolArrays:
    """The arrays as a pool. Raises `PoolError` where they don't fit together."""
    classes = np.asarray(answer_class, dtype=np.int32)
    labels = np.asarray(correct, dtype=np.bool_)
    marks = np.asarray(scores, dtype=np.float64)
    if (classes.ndim, labels.shape, marks.ndim) != (2, classes.shape, 3):
        raise PoolError(
            "answer_class and correct must be (problems, N) and scores (problems, verified, M); "
            f"they are {classes.shape}, {labels.shape} and {marks.shape}."
        )
    width = marks.shape[1]
    if width > classes.shape[1]:
        raise PoolError(
            f"{width} solutions have scores, but answer_class holds {classes.shape[1]}."
        )
    if verification_count is None:
        verification_count = np.where(classes[:, :width] != PADDING, marks.shape[2], 0)
    unknown = np.full(len(classes), np.nan)
    return PoolArrays(
        answer_class=classes,
        correct=labels,
        scores=marks,
        verification_count=np.asarray(verification_count, dtype=np.int32),
        solution_tokens=unknown,
        verification_tokens=unknown,
    )


@dataclass(frozen=True)
class _Only:
    """The one policy of a grid: its estimator."""

    estimate: Callable[..., Estimate]
    label = "the policy"
    reads_verifications = True
    largest = None


def _one_policy(
    estimate: Callable[..., Estimate],
    pool: PoolArrays,
    S: Sequence[int],
    V: Sequence[int],
    rng: np.random.Generator,
    settings: EstimatorSettings | None,
) -> Estimate:
    """Cells in the order asked for; the grid itself is sorted and starts at V = 0."""
    grid = evaluate(pool, S, V, [_Only(estimate)], rng, settings)
    rows, columns = np.searchsorted(grid.S, S), np.searchsorted(grid.V, V)
    cells = (slice(None), rows[:, None], columns)
    return Estimate(
        grid.success[:, 0][cells], grid.standard_error[:, 0][cells], grid.method[:, 0][cells]
    )
