"""From a pool to its curves: success with an interval, and the cost of every cell in every unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, Method
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import percentile_interval, resampled_means, resamples
from ttc.analysis.policies import POLICIES
from ttc.analysis.pool import PoolArrays
from ttc.analysis.result import GridResult
from ttc.analysis.settings import EstimatorSettings
from ttc.pipeline.costs import UnitCosts

__all__ = ["BOOTSTRAP_DRAWS", "Row", "UnitCosts", "curve_rows", "grid_sizes"]

BOOTSTRAP_DRAWS = 2000

Row = dict[str, Any]


def curve_rows(
    pool: PoolArrays,
    solutions: Sequence[int],
    verifications: Sequence[int],
    policies: Sequence[str],
    costs: UnitCosts,
    verifier: str | None,
    seed: int,
    settings: EstimatorSettings | None = None,
    left_out: int = 0,
) -> list[Row]:
    """Rows of the `curves` table for the policies of one pool; unavailable cells are left out.

    One unselected solution is as good at every S: `first` is a point at S = 1, not a curve.
    """
    sizes = {name: (1,) if name == "first" else tuple(solutions) for name in policies}
    wanted = sorted({s for chosen in sizes.values() for s in chosen})
    grid = evaluate(
        pool, wanted, verifications, policies, np.random.default_rng(seed), settings, n_jobs=1
    )
    mean, error = grid.mean()
    weights = resamples(pool.n_problems, BOOTSTRAP_DRAWS, np.random.default_rng(seed + 1))
    low, high = percentile_interval(resampled_means(grid.success, weights))
    if pool.n_problems == 1:  # one problem says nothing of others
        low, high = np.full_like(low, np.nan), np.full_like(high, np.nan)
    return [
        _row(grid, (i, j, k), costs, verifier, (mean, low, high, error)) | {"n_left_out": left_out}
        for i, j, k in np.argwhere(~np.isnan(mean))
        if int(grid.S[j]) in sizes[grid.policies[i]]
    ]


def _row(
    grid: GridResult,
    cell: tuple[int, int, int],
    costs: UnitCosts,
    verifier: str | None,
    figures: tuple[FloatArray, ...],
) -> Row:
    """The row of one (policy, S, V); figures: mean, interval and Monte Carlo error by cell."""
    i, j, k = cell
    s, v = int(grid.S[j]), int(grid.V[k])
    policy = grid.policies[i]
    mean, low, high, error = (float(array[i, j, k]) for array in figures)
    exact = bool(np.all(grid.method[:, i, j, k] == Method.EXACT))
    return {
        "policy": policy,
        "verifier": verifier if POLICIES[policy].uses_verifications else None,
        "S": s,
        "V": v,
        "cost_c": costs.compute(s, v),
        **costs.cell(s, v),
        "success": mean,
        "ci_low": low,
        "ci_high": high,
        "mc_standard_error": error,
        "estimator": "exact" if exact else "monte_carlo",
        "n_problems": len(grid.success),
    }


def grid_sizes(wanted: str | Sequence[int], largest: int) -> list[int]:
    """The values of S or V to evaluate: those named, or powers of two, up to what the pool has."""
    if isinstance(wanted, str):
        return list(powers_of_two(largest))
    return [n for n in wanted if n <= largest]
