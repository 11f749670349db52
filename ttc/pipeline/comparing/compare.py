"""Runs of the same problems side by side: what each method buys at equal compute.

A method is the vote of a run, one of its verifiers with whatever policy, S and V does best with it
within a budget, or a sampler that gives one answer, stopped wherever it does best within it; what
that is worth is told out of bag, since it was chosen on these problems. All are compared with one
baseline, paired over problems.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.errors import DataError, UsageError
from ttc.pipeline.best_within import Problems
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.comparing.baseline import Rows
from ttc.pipeline.comparing.evaluated import evaluated_alike
from ttc.pipeline.comparing.gate import Gate, parse_gate
from ttc.pipeline.comparing.gating import held
from ttc.pipeline.comparing.methods import (
    VOTE,
    Method,
    Recipe,
    methods_of,
    only_known,
    recipe_methods,
)
from ttc.pipeline.comparing.pooling import grouped
from ttc.pipeline.comparing.result import Comparison
from ttc.pipeline.comparing.same_problems import in_all, left_out, shared_problems
from ttc.pipeline.comparing.sides import Side, band, overtakes
from ttc.pipeline.comparing.stated import Bought, Place, at_places, flips, tested
from ttc.pipeline.comparing.wanted import Request
from ttc.pipeline.naming import Names, names_of
from ttc.store.run_folder import RunFolder

_RESULTS = Path("results")


def compare(
    runs: Sequence[RunFolder],
    request: Request | None = None,
    gates: Sequence[str] = (),
    results: Path = _RESULTS,
) -> Comparison:
    """Every method of every run against a baseline, at equal compute per problem, or at equal S.

    gates: see `ttc.pipeline.comparing.gate`; results: where runs that are named by a word are.
    Raises `DataError` for runs of other problems, or without costs in the unit that was asked for,
    and `UsageError` for a baseline or a gate that names nothing here.
    """
    wanted = [parse_gate(text) for text in gates]
    request = request or Request()
    asked = bool(request.budgets or request.samples)
    request = _with_unit(request, wanted)
    groups = grouped(runs, request.over)
    names = names_of([group[0] for group in groups], request.over)
    recipes, common, notes = _recipes(groups, names, request)
    by = request.rows_by(len(recipes))
    found = methods_of(recipes, common, by)
    others = methods_of(recipes, common, "verifier") if by == "recipe" else []
    whole = [recipe_methods(one, i, common, "recipe")[0] for i, one in enumerate(recipes)]
    unit = _unit(found, request)
    if unit:
        found, whole, others = (only_known(rows, unit) for rows in (found, whole, others))
        _require_costs(found, unit, request)
    clusters = clusters_of(runs[0], request.cluster, common)
    problems = Problems.of(len(common), request.seed, clusters=clusters, level=request.level)
    problems.require()
    rows = Rows(found, recipes, whole, results, [one for one in others if one.rows])
    base = rows.baseline(request.baseline)
    found = [base, *(one for one in found if one.name != base.name)]
    made = _compared(found, unit or "c", problems, request)
    outcomes = [one for gate in wanted for one in held(gate, rows, unit or "c", problems)]
    return replace(
        made,
        recipes=len(recipes),
        by=by,
        asked=asked,
        judged=any(one.kind not in ("", VOTE) for one in others),
        gates=tuple(outcomes),
        equal=names.equal,
        also=names.also,
        notes=tuple(notes),
    )


def _with_unit(request: Request, gates: Sequence[Gate]) -> Request:
    """With the unit of gates, which is the axis. Raises `UsageError` where units differ."""
    for gate in gates:
        if gate.unit == "samples":
            continue
        if request.unit not in (None, gate.unit):
            raise UsageError(
                f"--gate {gate.text!r} is in {gate.unit}, but the axis is in {request.unit}; one "
                "comparison has one unit (--unit)"
            )
        request = replace(request, unit=gate.unit)
    sizes = {int(gate.at) for gate in gates if gate.unit == "samples"}
    return replace(request, samples=tuple(sorted({*request.samples, *sizes})))


def _recipes(
    groups: Sequence[Sequence[RunFolder]], names: Names, request: Request
) -> tuple[list[Recipe], tuple[str, ...], list[str]]:
    """The recipes with their runs' cells, the problems that all have, and what to say of others."""
    only = shared_problems([run for group in groups for run in group], request.common)
    recipes = [
        Recipe(name, tokens, tuple(evaluated_alike(group, request, only)))
        for name, tokens, group in zip(names.names, names.tokens, groups, strict=True)
    ]
    ids = {
        recipe.name: [part.problem_ids for one in recipe.runs for part in one.parts]
        for recipe in recipes
    }
    common = in_all([one for each in ids.values() for one in each])
    there = {name: set.intersection(*map(set, each)) for name, each in ids.items() if each}
    return recipes, common, left_out(common, {k: tuple(v) for k, v in there.items()})


def _unit(methods: Sequence[Method], request: Request) -> str | None:
    """The axis: tokens, prompts included; C for samples whose tokens nobody counted. None where
    there is neither, and methods are compared at equal S.
    """
    if request.unit is not None:
        return request.unit
    for unit in ("tokens", "c"):
        costs = [one.costs(unit) for one in methods]
        if all(np.any(np.isfinite(each) & (each > 0)) for each in costs):
            return unit
    if request.samples:
        return None
    raise DataError("these runs have no compute in common; compare them by --at-samples S")


def _require_costs(methods: Sequence[Method], unit: str, request: Request) -> None:
    """Raise `DataError` for a method without costs in a unit."""
    hints = {
        "flops": "; give parameters by --set cost.parameters=N",
        "usd": "; give prices by --set cost.prices=litellm or in the recipe",
    }
    for one in methods:
        if not one.rows:
            hint = hints.get(unit, "; choose another --unit, or --at-samples S")
            raise DataError(f"{one.name} has no costs in {unit}{hint}")


def _compared(
    methods: Sequence[Method], unit: str, problems: Problems, request: Request
) -> Comparison:
    """methods: the baseline first."""
    sides = [Side(one, unit, problems) for one in methods]
    known = all(np.isfinite(side.costs).any() for side in sides)
    ladder = _ladder([side.costs for side in sides]) if known else ()
    stated = bool(request.budgets or request.samples)
    budgets = tuple(sorted(request.budgets)) if stated else ladder
    places = [Place(budget=limit) for limit in budgets]
    places += [Place(samples=s) for s in sorted(request.samples)]
    found = at_places(places, sides, problems)
    _require_bought(places, found, sides)
    points, together = tested(found, problems, stated)
    curve = at_places([Place(budget=limit) for limit in ladder], sides, problems)
    names = [one.name for one in methods]
    return Comparison(
        points=points,
        methods=tuple(names),
        runs={one.name: one.runs for one in methods},
        baseline=names[0],
        budgets=budgets,
        samples=tuple(sorted(request.samples)),
        unit=unit,
        problems=len(methods[0].success),
        units=problems.units,
        level=problems.level,
        together=together,
        stated=stated,
        curve=tuple(one.point for one in curve),
        bands=_bands(sides, ladder),
        ladder=ladder,
        overtakes={side.method.name: overtakes(sides[0], side, ladder[-1]) for side in sides[1:]},
        flips=flips(found),
    )


def _require_bought(
    places: Sequence[Place], found: Sequence[Bought], sides: Sequence[Side]
) -> None:
    """Raise `DataError` for a budget or an S that no row has anything at."""
    there = {one.place for one in found}
    for place in places:
        if place in there:
            continue
        if place.budget is None:
            raise DataError(f"no row has S = {place.samples} for every problem")
        least = min(float(np.nanmin(side.costs)) for side in sides)
        bought = f"{place.budget:g} {sides[0].unit} a problem"
        raise DataError(f"{bought} buy nothing: the cheapest takes {least:.3g}")


def _bands(sides: Sequence[Side], ladder: Sequence[float]) -> Mapping[str, FloatArray]:
    base, *others = sides
    return {side.method.name: band(base, side, ladder) for side in others}


def _ladder(costs: Sequence[FloatArray], steps: int = 12) -> tuple[float, ...]:
    """Budgets from what the cheapest cell takes to what the dearest does, evenly in the logarithm,
    rounded up to two digits.
    """
    low, high = (
        min(float(np.nanmin(one)) for one in costs),
        max(float(np.nanmax(one)) for one in costs),
    )
    spaced = np.geomspace(low, max(high, low * 1.01), steps)
    return tuple(dict.fromkeys(map(_up, spaced.tolist())))


def _up(value: float) -> float:
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(value / step * (1 - 1e-9)) * step:.2g}")
