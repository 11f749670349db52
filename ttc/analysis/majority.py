"""Majority vote: the probability that the plurality answer of k solutions is right.

Several classes may be right, as in tasks with many right answers. Ties are shared uniformly, so the
probability is the sum, over the right classes, of that of each to win against all others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ttc.analysis.estimate import BoolArray, Estimate, IntArray, Method
from ttc.analysis.majority_exact import PluralityTask, plan, win_probability
from ttc.analysis.passk import check_sizes

MAX_COST = 5e7
DRAWS = 2000


def class_counts(answer_class: IntArray, correct: BoolArray) -> tuple[IntArray, IntArray, int]:
    """One problem's votes: (counts of right classes, counts of the others, invalid answers).

    answer_class, correct: (N,), -1 invalid and -2 padding (left out).
    """
    valid = answer_class >= 0
    counts = np.bincount(answer_class[valid])
    right = np.bincount(answer_class[valid & correct], minlength=len(counts))
    mine = right > 0
    others = counts[(counts > 0) & ~mine]
    return right[mine], others, int(np.count_nonzero(answer_class == -1))


def maj_at_k(
    answer_class: IntArray,
    correct: BoolArray,
    k: Sequence[int],
    rng: np.random.Generator,
    *,
    max_cost: float = MAX_COST,
    draws: int = DRAWS,
) -> Estimate:
    """Probability that the plurality answer of k of N solutions is the right one, for all k.

    The k solutions are a uniformly random subset drawn without replacement; classes with equally
    many votes share the win uniformly; invalid answers (-1) take part in the draw and never win,
    so a draw of invalid answers alone fails. answer_class: (problems, N), -2 padding; correct:
    (problems, N), which solutions are right, all or none of a class (see
    `labels.split_by_label`). Returns an `Estimate` of shape (problems, len(k)).

    Exact (see `majority_exact`) unless the cost of a cell, in multiplications of complex numbers,
    would pass `max_cost` (about a second for 5e7); then the mean of `draws` Monte Carlo draws of
    the vote COUNTS (multivariate hypergeometric), with its standard error. Cells with k beyond a
    problem's solutions are unavailable.
    """
    sizes = np.count_nonzero(answer_class != -2, axis=1)
    check_sizes(k, int(sizes.max(initial=0)))
    out = Estimate.unavailable((len(answer_class), len(k)))
    for i, row in enumerate(answer_class):
        counts = class_counts(row, correct[i])
        for j, size in enumerate(k):
            if size <= sizes[i]:
                fill_cell(out, (i, j), *counts, size, rng, max_cost, draws)
    return out


def fill_cell(
    out: Estimate,
    cell: tuple[int, ...],
    right: IntArray,
    others: IntArray,
    invalid: int,
    k: int,
    rng: np.random.Generator,
    max_cost: float = MAX_COST,
    draws: int = DRAWS,
) -> None:
    """One cell, exactly where the plan allows, else by Monte Carlo. right, others: class counts."""
    tasks = []  # equally large classes win equally often
    for size, classes in zip(*np.unique(right, return_counts=True), strict=True):
        rest = right[np.flatnonzero(right == size)[0] != np.arange(len(right))]
        tasks.append((classes, plan(int(size), np.concatenate([others, rest]), invalid, k)))
    cost = sum(task.cost for _, task in tasks if isinstance(task, PluralityTask))
    if cost > max_cost:
        value, error = sample_win(right, others, invalid, k, draws, rng)
        out.set(cell, value, error, Method.MONTE_CARLO)
        return
    won = (
        classes * (win_probability(task) if isinstance(task, PluralityTask) else task)
        for classes, task in tasks
    )
    out.set(cell, min(float(sum(won)), 1.0), 0.0, Method.EXACT)


def sample_win(
    right: IntArray, others: IntArray, invalid: int, k: int, draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Monte Carlo estimate of the win probability and its standard error, over vote counts."""
    colours = np.concatenate([right, others, [invalid]]).astype(np.int64)
    shares = np.empty(draws)
    block = max(1, int(2e6) // len(colours))
    for start in range(0, draws, block):
        size = min(block, draws - start)
        votes = rng.multivariate_hypergeometric(colours, k, size=size, method="marginals")[:, :-1]
        best = votes == np.maximum(votes.max(axis=1), 1)[:, None]
        ties = np.maximum(np.count_nonzero(best, axis=1), 1)
        shares[start : start + size] = np.count_nonzero(best[:, : len(right)], axis=1) / ties
    return float(shares.mean()), float(shares.std(ddof=1) / np.sqrt(draws))
