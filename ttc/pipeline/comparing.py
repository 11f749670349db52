"""Runs of the same problems side by side: what each method buys at equal compute.

A method is a verifier of a run with whatever policy, S and V does best with it within a budget, or
a sampler that gives one answer, stopped wherever it does best within it; what that is worth is told
out of bag, since it was chosen on these problems. Beside them stands the vote alone, which is
chosen likewise. All are paired over problems.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import LEVEL, paired_test
from ttc.analysis.many import holm
from ttc.errors import DataError
from ttc.pipeline.best_within import Chosen, Problems, affordable, choose, gap
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.curves import Curves, Row
from ttc.pipeline.evaluate import Evaluation, evaluate_run
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.latency import at_concurrency, cell_latency
from ttc.pipeline.measured import measured_curve
from ttc.pipeline.scaling.allocations import ladder
from ttc.store.attempts import is_measured
from ttc.store.pool import load_pool, require_same_dataset, verifiers
from ttc.store.run_folder import RunFolder

VOTE = "vote"
LATENCY = "latency"
CONCURRENCY = 8
"""Calls under way at a time, unless said otherwise, where latencies are compared."""
_VOTING = ("first", "majority")
_NOBODY_CHOOSES = ("oracle",)


@dataclass(frozen=True)
class Method:
    """One line of the comparison. rows: its cells, of the `curves` table; success: (problems,
    rows).
    """

    name: str
    rows: Sequence[Row]
    success: FloatArray


@dataclass(frozen=True)
class Point:
    """A method within a budget. row: the cell that it takes; ahead: what it succeeds more often
    than the vote within that budget, None for the vote; p: of a paired t test, adjusted (Holm) for
    all methods within this budget.
    """

    method: str
    budget: float
    row: Row
    cost: float
    success: Interval
    ahead: Interval | None = None
    p: float = float("nan")

    def as_row(self, unit: str) -> dict[str, Any]:
        """A row of the `comparison` table."""
        ahead = self.ahead
        return {
            "method": self.method,
            "budget": self.budget,
            "cost_unit": unit,
            **{name: self.row[name] for name in ("policy", "S", "V", "calls")},
            "cost": self.cost,
            "success": self.success.estimate,
            "ci_low": self.success.low,
            "ci_high": self.success.high,
            "ahead": None if ahead is None else ahead.estimate,
            "ahead_low": None if ahead is None else ahead.low,
            "ahead_high": None if ahead is None else ahead.high,
            "p": plain(self.p),
        }


@dataclass(frozen=True)
class Comparison:
    """points: of every method at every budget that buys something of it, the vote's first."""

    points: tuple[Point, ...]
    methods: tuple[str, ...]
    budgets: tuple[float, ...]
    unit: str
    problems: int
    level: float


def compare(
    runs: Sequence[RunFolder],
    unit: str = "tokens",
    budgets: Sequence[float] = (),
    overrides: Sequence[str] = (),
    level: float = LEVEL,
    seed: int = 0,
    by_policy: bool = False,
    concurrency: int = CONCURRENCY,
) -> Comparison:
    """Every method of every run against the vote, at equal compute per problem.

    unit: of a mean cost (see `COST_UNITS`). budgets: in it; a ladder over what there is where none
    are given. by_policy: each policy of a verifier is a method of its own. concurrency: calls under
    way at a time, for latencies. Raises `DataError` for runs of other problems, or without costs in
    this unit.
    """
    if len(runs) > 1:
        require_same_dataset(runs)
    slots = concurrency if unit == LATENCY else None
    parts = [part for run in runs for part in _parts(run, overrides, slots)]
    common = _common([curves.problem_ids for _, curves in parts])
    methods = _methods(parts, common, unit, by_policy, _names(runs))
    limits = tuple(sorted(budgets)) or _ladder([_costs(one, unit) for one in methods])
    problems = Problems.of(len(common), seed, level=level)
    problems.require()
    points = [point for limit in limits for point in _at(limit, methods, unit, problems)]
    names = tuple(one.name for one in methods)
    return Comparison(tuple(points), names, limits, unit, len(common), level)


def _parts(
    run: RunFolder, overrides: Sequence[str], slots: int | None
) -> Iterator[tuple[RunFolder, Curves]]:
    """slots: calls under way at a time, where latencies are wanted."""
    manifest = run.manifest()
    wanted = Evaluation.of_manifest(manifest)
    wanted = replace(wanted, cost=with_overrides(wanted.cost, overrides), budgets={})
    if is_measured(run):
        if slots is not None:
            yield run, measured_curve(at_concurrency(run, slots), wanted.caps).curves
            return
    else:
        named = verifiers(run)
        arrays = load_pool(run, next(iter(named), None)).arrays
        sizes = ladder(int(arrays.n_solutions.max()))
        wanted = replace(wanted, solutions=sizes, same_problems=bool(named))
    found = evaluate_run(run, manifest, wanted)
    for curves in found.parts:
        if curves.rows:
            yield run, curves if slots is None else _timed(run, curves, slots)


def _timed(run: RunFolder, curves: Curves, slots: int) -> Curves:
    """Rows of a pool with the seconds that S solutions and then V verifications of each take."""
    rows = [dict(row) for row in curves.rows]
    for verifier in dict.fromkeys(row["verifier"] for row in rows):
        own = [row for row in rows if row["verifier"] == verifier]
        cells = list(dict.fromkeys((int(row["S"]), int(row["V"] or 0)) for row in own))
        ids, seconds = cell_latency(run, slots, cells, verifier)
        inside = np.isin(np.array(ids), np.array(curves.problem_ids))
        mean = dict(zip(cells, seconds[inside].mean(axis=0).tolist(), strict=True))
        for row in own:
            row[LATENCY] = mean[int(row["S"]), int(row["V"] or 0)]
    return replace(curves, rows=rows)


def _names(runs: Sequence[RunFolder]) -> dict[RunFolder, str]:
    """What a run's own method is called: its recipe's name, without what all of them begin with."""
    named = {run: str(run.manifest().recipe.get("name") or run.name) for run in runs}
    words = [name.split("-") for name in named.values()]
    alike = takewhile(lambda column: len(set(column)) == 1, zip(*words, strict=False))
    shared = sum(1 for _ in alike) if len(set(named.values())) > 1 else 0
    return {run: "-".join(name.split("-")[shared:]) or name for run, name in named.items()}


def _common(ids: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Problems that all have, in the order of the first."""
    if not ids:
        raise DataError("none of the runs has anything to compare; ttc curves shows what they have")
    shared = set(ids[0]).intersection(*ids)
    return tuple(name for name in ids[0] if name in shared)


def _methods(
    parts: Sequence[tuple[RunFolder, Curves]],
    common: Sequence[str],
    unit: str,
    by_policy: bool,
    names: Mapping[RunFolder, str],
) -> list[Method]:
    """The vote of the first run that has one, and every other method."""
    found: dict[str, Method] = {}
    for run, curves in parts:
        place = {name: i for i, name in enumerate(curves.problem_ids)}
        order = [place[name] for name in common]
        cells: dict[str, list[int]] = {}
        for i, row in enumerate(curves.rows):
            if name := _method_of(row, names[run], by_policy):
                cells.setdefault(name, []).append(i)
        for name, own in cells.items():
            if name == VOTE and name in found:
                continue
            unique = name if name not in found else f"{name} of {run.name}"
            made = Method(unique, [curves.rows[i] for i in own], curves.success[np.ix_(order, own)])
            found[unique] = _with_costs(made, unit)
    return sorted(found.values(), key=lambda one: one.name != VOTE)


def _method_of(row: Row, own: str, by_policy: bool) -> str | None:
    """Whose cell a row is; None for those that nobody could choose. own: the run's method."""
    policy, verifier = row["policy"], row["verifier"]
    if row["estimator"] == "measured":
        return own
    if policy in _NOBODY_CHOOSES:
        return None
    if verifier is None:
        return VOTE if policy in _VOTING else None
    return f"{policy} ({verifier})" if by_policy else str(verifier)


def _with_costs(method: Method, unit: str) -> Method:
    """Those of its cells whose cost is known, as it is not of an answer that nobody waited for."""
    known = np.isfinite(_costs(method, unit))
    if not known.any():
        raise DataError(f"{method.name} has no costs in {unit}; choose another --unit")
    rows = [row for row, there in zip(method.rows, known, strict=True) if there]
    return Method(method.name, rows, method.success[:, known])


def _costs(method: Method, unit: str) -> FloatArray:
    name = "cost_c" if unit == "c" else unit
    values = [row.get(name) for row in method.rows]
    return np.array([np.nan if one is None else one for one in values], dtype=np.float64)


def _ladder(costs: Sequence[FloatArray], steps: int = 12) -> tuple[float, ...]:
    """Budgets from what the cheapest cell takes to what the dearest does, evenly in the logarithm,
    rounded up to two digits.
    """
    low, high = min(float(one.min()) for one in costs), max(float(one.max()) for one in costs)
    spaced = np.geomspace(low, max(high, low * 1.01), steps)
    return tuple(dict.fromkeys(map(_up, spaced.tolist())))


def _up(value: float) -> float:
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step * (1 - 1e-9)) * step:.2g}")


def _at(limit: float, methods: Sequence[Method], unit: str, problems: Problems) -> Iterator[Point]:
    chosen: dict[str, tuple[Method, Chosen]] = {}
    for one in methods:
        inside = affordable(_costs(one, unit), limit)
        if inside:
            cells = Cells(one.success, problems.weights)
            chosen[one.name] = (one, choose(cells, inside, problems))
    vote = chosen.get(VOTE)
    tests = _tests({name: picked for name, (_, picked) in chosen.items()}, problems)
    for name, (one, picked) in chosen.items():
        cost = float(_costs(one, unit)[picked.place])
        ahead = None if vote is None or name == VOTE else gap(vote[1], picked, problems)
        yield Point(
            name,
            limit,
            one.rows[picked.place],
            cost,
            picked.success,
            ahead,
            tests.get(name, float("nan")),
        )


def _tests(chosen: Mapping[str, Chosen], problems: Problems) -> dict[str, float]:
    """P values against the vote, adjusted for all of them."""
    if VOTE not in chosen:
        return {}
    others = [name for name in chosen if name != VOTE]
    vote = chosen[VOTE].values
    each = [float(paired_test(chosen[name].values - vote, problems.clusters)) for name in others]
    return dict(zip(others, map(float, holm(each)), strict=True))
