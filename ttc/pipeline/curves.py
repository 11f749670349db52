"""From a pool to its curves: success with an interval, and the cost of every cell in every unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, Method
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import mean_interval
from ttc.analysis.pool import PoolArrays
from ttc.analysis.same_solutions import on_all_solutions
from ttc.analysis.settings import EstimatorSettings
from ttc.pipeline.costs import UnitCosts
from ttc.policies import PolicyPart

__all__ = ["Row", "UnitCosts", "curve_rows", "grid_sizes", "sizes_of"]

_FIGURES = ("success", "ci_low", "ci_high", "mc_standard_error")

Row = dict[str, Any]


def curve_rows(
    pool: PoolArrays,
    solutions: Sequence[int],
    verifications: Sequence[int],
    policies: Sequence[PolicyPart],
    costs: UnitCosts,
    verifier: str | None,
    seed: int,
    settings: EstimatorSettings | None = None,
    left_out: int = 0,
    by_problem: Callable[[], Sequence[UnitCosts]] = tuple,
) -> list[Row]:
    """Rows of the `curves` table for the policies of one pool; unavailable cells are left out.

    S beyond which a policy reads nothing are left out, too: `first` is a point, not a curve.
    by_problem: costs of each problem, for policies that stop, whose S is the most that they draw.
    """
    sizes = [sizes_of(policy, solutions) for policy in policies]
    wanted = sorted({s for chosen in sizes for s in chosen})
    grid = evaluate(
        pool, wanted, verifications, policies, np.random.default_rng(seed), settings, n_jobs=1
    )
    grid = on_all_solutions(grid, pool, policies, np.random.default_rng(seed + 2))
    mean, error = grid.mean()
    low, high = mean_interval(grid.success)
    each = by_problem() if grid.paths else ()
    rows = []
    for i, j, k in np.argwhere(~np.isnan(mean)):
        s, v = int(grid.S[j]), int(grid.V[k])
        if s not in sizes[i]:
            continue
        figures = (float(array[i, j, k]) for array in (mean, low, high, error))
        used = float(grid.used_s[:, i, j, k].mean())
        if i in grid.paths:
            spent = _spent(each, grid.paths[i][:, j, k], v)
        else:
            spent = {**costs.cell(s, v), "cost_p10": None, "cost_p90": None}
        exact = bool(np.all(grid.method[:, i, j, k] == Method.EXACT))
        rows.append(
            {
                "policy": policies[i].label,
                "verifier": verifier if policies[i].reads_verifications else None,
                "S": s,
                "V": v,
                "cost_c": costs.compute(used, v),
                **spent,
                **dict(zip(_FIGURES, figures, strict=True)),
                "estimator": "exact" if exact else "monte_carlo",
                "n_problems": pool.n_problems,
                "n_left_out": left_out,
            }
        )
    return rows


def sizes_of(policy: PolicyPart, solutions: Sequence[int]) -> tuple[int, ...]:
    """The S of a policy's points among those wanted."""
    most = policy.largest
    if most is None:
        return tuple(solutions)
    return tuple(sorted({min(s, most) for s in solutions or (most,)}))


def _spent(each: Sequence[UnitCosts], paths: FloatArray, v: int) -> Row:
    """Mean costs of a rule that stops, and how they spread over problems and orders.

    paths: (problems, draws) solutions used.
    """
    costs = [one.cell(float(path.mean()), v) for one, path in zip(each, paths, strict=True)]
    mean = {unit: float(np.mean([cost[unit] for cost in costs])) for unit in costs[0]}
    lengths = np.unique(paths)
    tokens = [[one.cell(n, v)["tokens"] for n in lengths.tolist()] for one in each]
    spread = np.take_along_axis(np.array(tokens), np.searchsorted(lengths, paths), axis=1)
    low, high = np.quantile(spread, (0.1, 0.9), method="inverted_cdf")
    return mean | {"cost_p10": float(low), "cost_p90": float(high)}


def grid_sizes(wanted: str | Sequence[int], largest: int) -> list[int]:
    """The values of S or V to evaluate: those named, or powers of two, up to what the pool has."""
    if isinstance(wanted, str):
        return list(powers_of_two(largest))
    return [n for n in wanted if n <= largest]
