"""From a pool to its curves: success with an interval, and the cost of every cell in every unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray, IntArray, Method
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import mean_interval
from ttc.analysis.pool import PoolArrays
from ttc.analysis.result import GridResult
from ttc.analysis.same_problems import (
    independent_draws,
    new_samples_error,
    new_samples_interval,
)
from ttc.analysis.same_solutions import on_all_solutions
from ttc.analysis.settings import EstimatorSettings
from ttc.analysis.spread import PoolSource
from ttc.pipeline.best_within import Problems, affordable, choose
from ttc.pipeline.costs import UnitCosts
from ttc.policies import PolicyPart

__all__ = ["Curves", "Row", "UnitCosts", "curve_rows", "grid_sizes", "sizes_of"]

_TOLD = ("policy", "verifier", "S", "V", "cost_c", "tokens", "flops")
_FIGURES = ("success", "ci_low", "ci_high", "mc_standard_error")

Row = dict[str, Any]


@dataclass(frozen=True)
class Curves:
    """rows: of the `curves` table; success: (problems, rows) of each; best: of each policy within
    each budget its best row, with `budget`, its `unit` and success `expected` on problems that it
    was not chosen by, with its interval.
    """

    rows: list[Row]
    best: list[Row]
    success: FloatArray
    problem_ids: tuple[str, ...] = ()

    @classmethod
    def none(cls) -> Curves:
        """Of no policies."""
        return cls([], [], np.zeros((0, 0)))


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
    budgets: Mapping[str, Sequence[float]] | None = None,
    clusters: IntArray | None = None,
    new_samples: bool = False,
    source: PoolSource | None = None,
) -> Curves:
    """The policies of one pool at each S and V; unavailable cells are left out.

    S beyond which a policy reads nothing are left out, too: `first` is a point, not a curve.
    by_problem: costs of each problem, for policies that stop, whose S is the most that they draw;
    budgets: per problem, by unit, within which the best cells are told; clusters: (problems,) of
    those made together; new_samples: rows have `samples_low` and `samples_high`, too, the interval
    for these problems with new samples, which takes several evaluations; source: where other
    processes find the pool.
    """
    sizes = [sizes_of(policy, solutions) for policy in policies]
    wanted = sorted({s for chosen in sizes for s in chosen})
    grid = evaluate(
        pool, wanted, verifications, policies, np.random.default_rng(seed), settings, source=source
    )
    others = _new_samples(pool, grid, policies, seed) if new_samples else None
    grid = on_all_solutions(grid, pool, policies, np.random.default_rng(seed + 2))
    mean, error = grid.mean()
    low, high = mean_interval(grid.success, clusters=clusters)
    each = by_problem() if grid.paths else ()
    rows, places = [], []
    for i, j, k in np.argwhere(~np.isnan(mean)):
        s, v = int(grid.S[j]), int(grid.V[k])
        if s not in sizes[i]:
            continue
        figures = (float(array[i, j, k]) for array in (mean, low, high, error))
        used = float(grid.used_s[:, i, j, k].mean())
        judged = float(grid.used_v[:, i, j, k].mean())
        if i in grid.paths:
            spent = _spent(each, grid.paths[i][:, j, k], v)
        else:
            spent = {**costs.cell(s, judged), "cost_p10": None, "cost_p90": None}
        exact = bool(np.all(grid.method[:, i, j, k] == Method.EXACT))
        places.append((i, j, k))
        rows.append(
            {
                "policy": policies[i].label,
                "verifier": verifier if policies[i].reads_verifications else None,
                "S": s,
                "V": v,
                "cost_c": costs.compute(used, judged),
                **spent,
                **dict(zip(_FIGURES, figures, strict=True)),
                "abstained": _abstained(grid, (i, j, k)),
                "estimator": "exact" if exact else "monte_carlo",
                "n_problems": pool.n_problems,
                "n_left_out": left_out,
            }
        )
        if others is not None:
            ends = zip(("samples_low", "samples_high"), others, strict=True)
            rows[-1] |= {name: float(end[i, j, k]) for name, end in ends}
    if not rows:
        return Curves.none()
    success = np.stack([grid.success[:, i, j, k] for i, j, k in places], axis=1)
    best: list[Row] = []
    if budgets:
        problems = Problems.of(pool.n_problems, seed, clusters=clusters)
        best = _best(rows, success, budgets, problems)
    return Curves(rows, best, success, pool.problem_ids)


def _abstained(grid: GridResult, cell: tuple[int, int, int]) -> float | None:
    """Mean over problems; None where nobody counted."""
    if grid.abstained is None:
        return None
    share = grid.abstained[(slice(None), *cell)].mean()
    return None if np.isnan(share) else float(share)


def _new_samples(
    pool: PoolArrays, grid: GridResult, policies: Sequence[PolicyPart], seed: int
) -> tuple[FloatArray, FloatArray]:
    """(policy, S, V) ends of the intervals for these problems with new samples."""
    error = new_samples_error(pool, grid, policies, np.random.default_rng(seed + 3))
    if (pool.n_verified < pool.n_solutions).any():
        # What is corrected for which solutions are verified has another error: not known.
        error[[policy.reads_verifications for policy in policies]] = np.nan
    draws = independent_draws(pool, grid, policies)
    return new_samples_interval(grid.mean()[0], error, draws, pool.n_problems)


def _best(
    rows: Sequence[Row],
    success: FloatArray,
    budgets: Mapping[str, Sequence[float]],
    problems: Problems,
) -> list[Row]:
    """success: (problems, rows)."""
    cells = Cells(success, problems.weights)
    found = []
    for unit, limits in budgets.items():
        costs = np.array([row[unit] for row in rows], dtype=np.float64)
        for limit in sorted(limits):
            for policy in dict.fromkeys(row["policy"] for row in rows):
                own = [i for i, row in enumerate(rows) if row["policy"] == policy]
                inside = affordable(costs, limit, own)
                if not inside:
                    continue
                best = choose(cells, inside, problems)
                told = {name: known(rows[best.place][name]) for name in _TOLD}
                ends = ("expected", "estimate"), ("low", "low"), ("high", "high")
                found.append(
                    {"budget": limit, "unit": unit, **told}
                    | {name: known(getattr(best.success, of)) for name, of in ends}
                )
    return found


def known(value: Any) -> Any:
    """None for NaN, which JSON has none of."""
    return None if isinstance(value, float) and np.isnan(value) else value


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


def grid_sizes(wanted: str | Sequence[int], largest: int, *, and_most: bool = False) -> list[int]:
    """The values of S or V to evaluate: those named, up to what the pool has; or powers of two, and
    with `and_most` all of the pool, which what others sampled need not have in a power of two.
    """
    if isinstance(wanted, str):
        return sorted({*powers_of_two(largest), *([largest] if and_most and largest else ())})
    return [n for n in wanted if n <= largest]
