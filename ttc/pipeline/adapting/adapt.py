"""`ttc adapt`: every rule on one pool, tuned on some of its problems, judged on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import numpy as np

from ttc.analysis.contention import Chooses
from ttc.analysis.estimate import FloatArray
from ttc.analysis.stopping import Replayed, foreseen
from ttc.errors import DataError, UsageError
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
    VerdictRule,
)
from ttc.pipeline.adapting.sides import Side
from ttc.pipeline.adapting.tuned import Picked, difference, mean, pick
from ttc.pipeline.adapting.verdicts import VerdictSide, judged_pool, verdict_rules
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.evaluate import Evaluation, readable
from ttc.pipeline.tuning.candidates import candidates
from ttc.pipeline.tuning.file import Choice, Tuned, digest, read_tuned
from ttc.pipeline.tuning.held_out import held_out, tuned_parts
from ttc.pipeline.tuning.split import split_of_clusters, stratum, tuning_split
from ttc.policies import StoppingRule, matching
from ttc.registry import parts
from ttc.store.attempts import is_measured
from ttc.store.pool import LoadedPool, load_pool, verifiers
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
        return _adapted(run, request, _of_verdicts(run, request, request.verdicts))
    return _adapted(run, request, _of_solutions(run, request))


@dataclass(frozen=True)
class _Basis(Generic[R]):
    """What is compared: rules; ids: of the problems, spoilt: those that rules were tuned on; side:
    of some of them; tried: values of a rule, itself first.
    """

    rules: Sequence[R]
    ids: frozenset[str]
    spoilt: frozenset[str]
    side: Callable[[frozenset[str]], Ground[R]]
    tried: Callable[[R], Sequence[R]]
    judge: str = ""


def _of_solutions(run: RunFolder, request: AdaptRequest) -> _Basis[StoppingRule]:
    wanted = Evaluation.of_manifest(run.manifest())
    rules, loaded = _readable(run, _rules(wanted, request))
    most = min(request.most or 10**9, int(loaded.arrays.n_solutions.max()))
    cost = with_overrides(wanted.cost, request.overrides)
    seed = _seed(run, request)

    def side(ids: frozenset[str]) -> Side:
        some = loaded.only(ids)
        clusters = clusters_of(run, request.cluster, some.arrays.problem_ids)
        return Side(some, cost, wanted.settings, seed, most, request.orders, clusters)

    def tried(rule: StoppingRule) -> list[StoppingRule]:
        return [one for one in candidates(rule, rule.grid) if isinstance(one, StoppingRule)]

    spoilt = held_out(run, tuned_parts(rules), "left_out").left_out
    return _Basis(rules, frozenset(loaded.arrays.problem_ids), spoilt, side, tried)


def _of_verdicts(run: RunFolder, request: AdaptRequest, how: Chooses) -> _Basis[VerdictRule]:
    if request.rules is not None:
        raise UsageError("--rule names rules that stop solutions; --verdicts has one of its own")
    wanted = Evaluation.of_manifest(run.manifest())
    loaded, votes = judged_pool(run, request.verifier)
    most = min(request.most or 10**9, int(loaded.arrays.n_verified.max()))
    cost = with_overrides(wanted.cost, request.overrides)
    seed = _seed(run, request)

    def side(ids: frozenset[str]) -> VerdictSide:
        some = loaded.only(ids)
        clusters = clusters_of(run, request.cluster, some.arrays.problem_ids)
        return VerdictSide(some, cost, how, seed, most, votes, request.orders, clusters)

    exact, *others = verdict_rules(how, votes)
    return _Basis(
        [exact],
        frozenset(loaded.arrays.problem_ids),
        frozenset(),
        side,
        lambda rule: [rule, *others],
        loaded.verifier or "",
    )


def _seed(run: RunFolder, request: AdaptRequest) -> int:
    return (run.manifest().seed or 0) if request.seed is None else request.seed


def _adapted(run: RunFolder, request: AdaptRequest, basis: _Basis[R]) -> Adaptation:
    manifest, seed = run.manifest(), _seed(run, request)
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
    settings = {"orders": request.orders, "most": others.most, "loss": request.loss}
    if others.votes:
        settings |= {"verifier": basis.judge, "votes": others.votes}
    tuned = Tuned(
        run=run.name,
        dataset=manifest.dataset,
        seed=seed,
        stratified_by=stratum(problems) if clusters is None else request.cluster,
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
    tuning: Ground[R], others: Ground[R], basis: _Basis[R], request: AdaptRequest, seed: int
) -> _Report:
    rules = basis.rules
    picked: list[Picked[Any]] = [
        pick(tuning, basis.tried(rule), request.loss) for rule in _grids(rules)
    ]
    region, accepted = None, None
    if request.region is not None and isinstance(tuning, Side) and isinstance(others, Side):
        region, accepted = calibrate(tuning, others, request.region)
    named: dict[str, tuple[Any, Kind]] = {one.label: (one, "rule") for one in rules}
    named |= {one.after.label: (one.after, "tuned") for one in picked}
    if region is not None and isinstance(tuning, Side):
        named[region.label] = (region, "calibrated")
        picked.append(Picked(region, region, (region,), tuning.replayed([region])))
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


def _grids(rules: Sequence[R]) -> list[R]:
    """One of each type that has values to try: the first, as rules come."""
    first: dict[type, R] = {}
    for one in rules:
        if one.grid:
            first.setdefault(type(one), one)
    return list(first.values())
