"""Verified policies and votes on the same solutions.

Votes are over all N solutions of a problem, verified policies over the first n that carry verdicts,
so the difference of the two holds the luck of those n. Majority vote over the n has the same luck
and its success over all N is known: it is a control variate. What it misses on the n, the policy is
corrected by, in the proportion in which it and the policy's gain go together over problems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ttc.analysis.estimate import Estimate, FloatArray, IntArray
from ttc.analysis.majority import class_counts, fill_cell
from ttc.analysis.passk import pass_at_k
from ttc.analysis.policies import Policy
from ttc.analysis.pool import PADDING, PoolArrays
from ttc.analysis.result import GridResult

_SAME = 1e-9
_FEWEST = 5
"""Problems from which the coefficient is fitted; with fewer nothing is corrected but S = 1."""


def on_all_solutions(
    grid: GridResult, pool: PoolArrays, policies: Sequence[Policy], rng: np.random.Generator
) -> GridResult:
    """The grid with verified policies corrected for the luck of the solutions that are verified.

    With Y the success of a policy in a cell, X that of the vote on the same n solutions and X* the
    vote's on all N, by problem, Y becomes Y - b (X - X*), where b is the slope of the gain Y - X*
    on X - X* over problems: of the gain, since that is what is read. The mean is unbiased to order
    1 / problems, and no larger than coverage; values of single problems may lie outside of 0 to 1.
    At S = 1, where every policy takes the solution drawn, b is 1, so the row is the accuracy over
    all solutions. Untouched where every solution of a problem is verified.
    """
    partly = pool.n_verified < pool.n_solutions
    reading = [i for i, policy in enumerate(policies) if policy.reads_verifications]
    if not partly.any() or not reading:
        return grid
    judged, whole = (_votes(pool, grid, n, rng) for n in (pool.n_verified, pool.n_solutions))
    luck = judged - whole
    covered = _coverage(pool, grid)
    success = grid.success.copy()
    for i in reading:
        for j, s in enumerate(grid.S):
            for k in range(len(grid.V)):
                cell = success[:, i, j, k]
                slope = 1.0 if s == 1 else _slope(cell - whole[:, j], luck[:, j])
                corrected = cell - slope * luck[:, j]
                # What is the vote's is exactly the vote's, so that equal cells tie.
                same = np.abs(cell - judged[:, j]) < _SAME
                corrected = np.where(same & (slope == 1), whole[:, j], corrected)
                # Nothing chooses better than it could: what passes coverage is noise.
                passed = float(corrected.mean() - covered[:, j].mean())
                success[:, i, j, k] = corrected - passed if passed > _SAME else corrected
    return replace(grid, success=success)


def _coverage(pool: PoolArrays, grid: GridResult) -> FloatArray:
    """(problems, S) pass@S over all solutions, NaN beyond them."""
    out = np.full((pool.n_problems, len(grid.S)), np.nan)
    right = np.count_nonzero(pool.correct, axis=1)
    for i, n in enumerate(pool.n_solutions.tolist()):
        inside = [j for j, s in enumerate(grid.S) if s <= n]
        if inside:
            sizes = [int(grid.S[j]) for j in inside]
            out[i, inside] = pass_at_k(right[i : i + 1], n, sizes)[0]
    return out


def _slope(gain: FloatArray, luck: FloatArray) -> float:
    known = ~np.isnan(gain) & ~np.isnan(luck)
    spread = float(np.var(luck[known])) if known.sum() >= _FEWEST else 0.0
    if spread < _SAME**2:
        return 0.0
    centred = luck[known] - luck[known].mean()
    return float(np.mean(centred * gain[known]) / spread)


def _votes(
    pool: PoolArrays, grid: GridResult, first: IntArray, rng: np.random.Generator
) -> FloatArray:
    """(problems, S) success of majority vote over the first n of each problem's solutions."""
    out = Estimate.unavailable((pool.n_problems, len(grid.S)))
    limits = grid.settings
    for i, row in enumerate(pool.answer_class):
        n = int(first[i])
        assert (row[:n] != PADDING).all()
        counts = class_counts(row[:n], pool.correct[i, :n])
        for j, s in enumerate(grid.S):
            if s <= n:
                cell = (i, j)
                fill_cell(out, cell, *counts, int(s), rng, limits.max_cost, limits.draws)
    return out.value
