"""What `ttc adapt` compares: rules, and a pool that they are replayed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from ttc.analysis.contention import Chooses
from ttc.errors import DataError, UsageError
from ttc.pipeline.adapting.request import AdaptRequest, Ground, R, VerdictRule
from ttc.pipeline.adapting.sides import Side
from ttc.pipeline.adapting.verdicts import VerdictSide, judged_pool, verdict_rules
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.evaluate import Evaluation, readable
from ttc.pipeline.tuning.candidates import candidates
from ttc.pipeline.tuning.held_out import held_out, tuned_parts
from ttc.policies import StoppingRule, matching
from ttc.registry import parts
from ttc.store.pool import LoadedPool, load_any
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Basis(Generic[R]):
    """What is compared: rules; ids: of the problems, spoilt: those that rules were tuned on; side:
    of some of them; tried: values of a rule, itself first.
    """

    rules: Sequence[R]
    ids: frozenset[str]
    spoilt: frozenset[str]
    side: Callable[[frozenset[str]], Ground[R]]
    tried: Callable[[R], Sequence[R]]
    judge: str = ""


def of_solutions(run: RunFolder, request: AdaptRequest) -> Basis[StoppingRule]:
    """Rules that stop solutions. Raises `UsageError` and `DataError`."""
    wanted = Evaluation.of_manifest(run.manifest())
    rules, loaded = _readable(run, _rules(wanted, request))
    most = min(request.most or 10**9, int(loaded.arrays.n_solutions.max()))
    cost = with_overrides(wanted.cost, request.overrides)
    seed = seed_of_run(run, request)

    def side(ids: frozenset[str]) -> Side:
        some = loaded.only(ids)
        clusters = clusters_of(run, request.cluster, some.arrays.problem_ids)
        return Side(some, cost, wanted.settings, seed, most, request.orders, clusters)

    def tried(rule: StoppingRule) -> list[StoppingRule]:
        return [one for one in candidates(rule, rule.grid) if isinstance(one, StoppingRule)]

    spoilt = held_out(run, tuned_parts(rules), "left_out").left_out
    return Basis(rules, frozenset(loaded.arrays.problem_ids), spoilt, side, tried)


def of_verdicts(run: RunFolder, request: AdaptRequest, how: Chooses) -> Basis[VerdictRule]:
    """The rule that stops verdicts. Raises `UsageError` and `DataError`."""
    if request.rules is not None:
        raise UsageError("--rule names rules that stop solutions; --verdicts has one of its own")
    wanted = Evaluation.of_manifest(run.manifest())
    loaded, votes = judged_pool(run, request.verifier)
    most = min(request.most or 10**9, int(loaded.arrays.n_verified.max()))
    cost = with_overrides(wanted.cost, request.overrides)
    seed = seed_of_run(run, request)

    def side(ids: frozenset[str]) -> VerdictSide:
        some = loaded.only(ids)
        clusters = clusters_of(run, request.cluster, some.arrays.problem_ids)
        return VerdictSide(some, cost, how, seed, most, votes, request.orders, clusters)

    exact, *others = verdict_rules(how, votes)
    return Basis(
        [exact],
        frozenset(loaded.arrays.problem_ids),
        frozenset(),
        side,
        lambda rule: [rule, *others],
        loaded.verifier or "",
    )


def seed_of_run(run: RunFolder, request: AdaptRequest) -> int:
    """What split and orders follow from."""
    return (run.manifest().seed or 0) if request.seed is None else request.seed


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
    loaded = load_any(run, reads=reads)
    there = [one for one in rules if not one.reads_verifications and readable(one, loaded)]
    if not there:
        raise DataError(f"{run.name} has nothing that a rule to stop could read")
    return there, loaded
