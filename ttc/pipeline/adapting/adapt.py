"""`ttc adapt`: every rule on one pool, tuned on some of its problems, judged on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.stopping import Replayed, foreseen
from ttc.errors import DataError, UsageError
from ttc.pipeline.adapting.lines import Lines
from ttc.pipeline.adapting.region import calibrate
from ttc.pipeline.adapting.request import Accepted, Adaptation, AdaptRequest, Kind, Line
from ttc.pipeline.adapting.sides import Side
from ttc.pipeline.adapting.tuned import Picked, difference, mean, pick
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.evaluate import Evaluation, readable
from ttc.pipeline.tuning.file import Choice, Tuned, digest, read_tuned
from ttc.pipeline.tuning.held_out import held_out, tuned_parts
from ttc.pipeline.tuning.split import stratum, tuning_split
from ttc.policies import StoppingRule, matching
from ttc.registry import parts
from ttc.store.attempts import is_measured
from ttc.store.pool import LoadedPool, load_pool, verifiers
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder

FILE = "adapt.json"
"""The split and what was tuned, in the run's folder; a recipe's `tuned:` may name it."""


def adapt(run: RunFolder, request: AdaptRequest) -> Adaptation:
    """All rules on the problems that nothing was tuned on. Writes `adapt.json`.

    Raises `UsageError` for what is no rule, and `DataError` for a run without a pool.
    """
    if is_measured(run):
        raise DataError(f"{run.name} stops or searches by itself, so it is no pool; run the recipe "
                        "with a sampler of independent solutions")  # fmt: skip
    manifest = run.manifest()
    wanted = Evaluation.of_manifest(manifest)
    rules, loaded = _readable(run, _rules(wanted, request))
    there = frozenset(loaded.arrays.problem_ids)
    problems = [one for one in read_problems(run.problems) if one.id in there]
    seed = (manifest.seed or 0) if request.seed is None else request.seed
    number = request.problems or round(request.share * len(problems))
    chosen = tuning_split(problems, number, seed)
    spoilt = held_out(run, tuned_parts(rules), "left_out").left_out
    most = min(request.most or 10**9, int(loaded.arrays.n_solutions.max()))
    cost = with_overrides(wanted.cost, request.overrides)
    tuning, others = (
        Side(loaded.only(ids), cost, wanted.settings, seed, most, request.orders)
        for ids in (chosen, there - chosen - spoilt)
    )
    if others.count == 0:
        raise DataError(f"{run.name}: all problems were tuned on, so none is left to report on")
    report = _report(tuning, others, rules, request, seed)
    tuned = Tuned(
        run=run.name,
        dataset=manifest.dataset,
        seed=seed,
        stratified_by=stratum(problems),
        problems={one.id: digest(one) for one in problems if one.id in chosen},
        others=others.count,
        settings={"orders": request.orders, "most": most, "loss": request.loss},
        policies=list(report.choices),
    )
    replaced = _write(run.path / FILE, tuned)
    curve = report.found.curve
    return Adaptation(
        run.name,
        report.lines,
        tuned,
        others.count,
        most,
        request.orders,
        request.loss,
        request.level,
        curve.mean(axis=0),
        foreseen(curve, np.arange(1.0, most + 1))[0],
        report.accepted,
        replaced,
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
    tuning: Side, others: Side, rules: Sequence[StoppingRule], request: AdaptRequest, seed: int
) -> _Report:
    picked = [pick(tuning, rule, request.loss) for rule in _grids(rules)]
    region, accepted = None, None
    if request.region is not None:
        region, accepted = calibrate(tuning, others, request.region)
    named: dict[str, tuple[StoppingRule, Kind]] = {one.label: (one, "rule") for one in rules}
    named |= {one.after.label: (one.after, "tuned") for one in picked}
    if region is not None:
        named[region.label] = (region, "calibrated")
        picked.append(Picked(region, region, (region,), tuning.replayed([region])))
    found = others.replayed([rule for rule, _ in named.values()])
    lines = Lines(found, request.level, seed)
    place = {label: j for j, label in enumerate(named)}

    def success(rule: StoppingRule) -> FloatArray:
        return np.asarray(found.rules.success[:, place[rule.label]])

    choices = [
        one.choice(
            tuning,
            mean(success(one.after)),
            difference(success(one.after) - success(one.before)),
        )
        for one in picked
    ]
    made = (lines.vote(), lines.settled(), *lines.rules(list(named.values())))
    return _Report(made, tuple(choices), found, accepted)


def _rules(wanted: Evaluation, request: AdaptRequest) -> list[StoppingRule]:
    own = [one for one in wanted.policies if isinstance(one, StoppingRule)]
    if request.rules is None:
        every = (cls for cls in parts("policy").values() if issubclass(cls, StoppingRule))
        usual = [c() for c in every if not any(f.is_required() for f in c.model_fields.values())]
        return list({one.label: one for one in (*own, *usual)}.values())
    found = [one for name in request.rules for one in matching(name, own)]
    for one in found:
        if not isinstance(one, StoppingRule):
            raise UsageError(f"--rule {one.label}: no rule that stops, such as esc or anytime")
    return [one for one in found if isinstance(one, StoppingRule)]


def _readable(
    run: RunFolder, rules: Sequence[StoppingRule]
) -> tuple[list[StoppingRule], LoadedPool]:
    """Those that the pool has what they read for, and the pool."""
    reads = frozenset({"tokens", "confidence"}).union(*(rule.reads for rule in rules))
    loaded = load_pool(run, next(iter(verifiers(run)), None), reads=reads)
    there = [one for one in rules if not one.reads_verifications and readable(one, loaded)]
    if not there:
        raise DataError(f"{run.name} has nothing that a rule to stop could read")
    return there, loaded


def _grids(rules: Sequence[StoppingRule]) -> list[StoppingRule]:
    """One of each type that has values to try: the first, as rules come."""
    first: dict[type, StoppingRule] = {}
    for one in rules:
        if one.grid:
            first.setdefault(type(one), one)
    return list(first.values())
