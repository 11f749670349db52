"""`ttc adapt`: every rule on one pool, tuned on some of its problems, judged on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.stopping import Replayed, foreseen
from ttc.errors import DataError, UsageError
from ttc.pipeline.adapting.basis import Basis, of_solutions, of_verdicts, seed_of_run
from ttc.pipeline.adapting.lines import Lines
from ttc.pipeline.adapting.region import calibrate
from ttc.pipeline.adapting.request import (
    FILES,
    Accepted,
    Adaptation,
    AdaptRequest,
    AnyRule,
    Ground,
    Kind,
    Line,
    R,
    Unit,
)
from ttc.pipeline.adapting.sides import Side
from ttc.pipeline.adapting.tuned import Picked, difference, mean, pick
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.tuning.file import Choice, Tuned, digest, read_tuned
from ttc.pipeline.tuning.split import split_of_clusters, stratum, tuning_split
from ttc.store.attempts import is_measured
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder


def adapt(run: RunFolder, request: AdaptRequest) -> Adaptation:
    """All rules on the problems that nothing was tuned on. Writes `adapt.json`, or, of rules that
    stop verdicts, `adapt-verdicts.json`.

    Raises `UsageError` for what is no rule, and `DataError` for a run without a pool.
    """
    if is_measured(run):
        raise DataError(f"{run.name} stops or searches by itself, so it is no pool; run the recipe "
                        "with a sampler of independent solutions")  # fmt: skip
    if request.region is not None and (request.cluster or request.verdicts):
        raise UsageError("--calibrate counts problems that were drawn one by one, and solutions: "
                         "it takes neither --cluster nor --verdicts")  # fmt: skip
    if request.verdicts is not None:
        return _adapted(run, request, of_verdicts(run, request, request.verdicts))
    return _adapted(run, request, of_solutions(run, request))


def _adapted(run: RunFolder, request: AdaptRequest, basis: Basis[R]) -> Adaptation:
    manifest, seed = run.manifest(), seed_of_run(run, request)
    problems = [one for one in read_problems(run.problems) if one.id in basis.ids]
    number = request.problems or round(request.share * len(problems))
    clusters = clusters_of(run, request.cluster, [one.id for one in problems])
    if clusters is None:
        chosen = tuning_split(problems, number, seed)
    else:
        chosen = split_of_clusters(problems, clusters, number, seed)
    tuning, others = basis.side(chosen), basis.side(basis.ids - chosen - basis.spoilt)
    if others.count == 0:
        raise DataError(f"{run.name}: all problems were tuned on, so none is left to report on")
    report = _report(tuning, others, basis, request, seed)
    unit: Unit = "verdicts" if others.votes else "solutions"
    settings: dict[str, Any] = {
        "orders": request.orders,
        "most": others.most,
        "loss": request.loss,
    }
    settings |= {"cluster": request.cluster} if request.cluster else {}
    settings |= {"verifier": basis.judge, "votes": others.votes} if others.votes else {}
    tuned = Tuned(
        run=run.name,
        dataset=manifest.dataset,
        seed=seed,
        stratified_by=stratum(problems) if clusters is None else None,
        problems={one.id: digest(one) for one in problems if one.id in chosen},
        others=others.count,
        settings=settings,
        policies=list(report.choices),
    )
    replaced = _write(run.path / FILES[unit], tuned)
    found = report.found
    counts = np.arange(1.0, found.curve.shape[1] + 1)
    start = found.start[:, None]
    return Adaptation(
        run.name,
        report.lines,
        tuned,
        others.count,
        others.most,
        request.orders,
        request.loss,
        request.level,
        found.curve.mean(axis=0),
        foreseen(found.curve - start, counts)[0] + start.mean(),
        report.accepted,
        replaced,
        unit,
        basis.judge,
        None if others.clusters is None else len(np.unique(others.clusters)),
    )


def _write(path: Path, tuned: Tuned) -> bool:
    """Whether a file of another split is replaced. What was tuned on the same split stays in it,
    but what was tuned anew.
    """
    before = read_tuned(path) if path.exists() else tuned
    replaced = not tuned.same_split(before)
    new = {(one.policy["type"], one.before) for one in tuned.policies}
    kept = [one for one in before.policies if (one.policy["type"], one.before) not in new]
    policies = tuned.policies if replaced else [*kept, *tuned.policies]
    tuned.model_copy(update={"policies": policies}).write(path)
    return replaced


@dataclass(frozen=True)
class _Report:
    lines: tuple[Line, ...]
    choices: tuple[Choice, ...]
    found: Replayed
    accepted: Accepted | None


def _report(
    tuning: Ground[R], others: Ground[R], basis: Basis[R], request: AdaptRequest, seed: int
) -> _Report:
    rules = basis.rules
    picked: list[Picked[Any]] = [
        pick(tuning, basis.tried(rule), request.loss) for rule in _grids(rules)
    ]
    region, accepted = None, None
    if request.region is not None:  # which is of solutions
        region, accepted = calibrate(cast(Side, tuning), cast(Side, others), request.region)
    named: dict[str, tuple[Any, Kind]] = {one.label: (one, "rule") for one in rules}
    named |= {one.after.label: (one.after, "tuned") for one in picked}
    if region is not None:
        named[region.label] = (region, "calibrated")
        picked.append(Picked(region, region, (region,), cast(Side, tuning).replayed([region])))
    found = others.replayed([rule for rule, _ in named.values()])
    lines = Lines(found, request.level, seed, others.clusters)
    place = {label: j for j, label in enumerate(named)}

    def success(rule: AnyRule) -> FloatArray:
        return np.asarray(found.rules.success[:, place[rule.label]])

    choices = [
        one.choice(
            tuning,
            mean(success(one.after), others.clusters),
            difference(success(one.after) - success(one.before), others.clusters),
        )
        for one in picked
    ]
    made = (lines.vote(), lines.settled(), *lines.rules(list(named.values())))
    return _Report(made, tuple(choices), found, accepted)


def _grids(rules: Sequence[R]) -> list[R]:
    """One of each type that has values to try: the first, as rules come."""
    first: dict[type, R] = {}
    for one in rules:
        if one.grid:
            first.setdefault(type(one), one)
    return list(first.values())
