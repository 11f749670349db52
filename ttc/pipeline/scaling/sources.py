"""Runs as what scaling fits need: success by problem on one grid, and costs."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.grid import evaluate, powers_of_two
from ttc.analysis.intervals import FEWEST
from ttc.analysis.pool import PoolArrays
from ttc.analysis.same_solutions import on_all_solutions
from ttc.analysis.scaling import LinearCost
from ttc.analysis.settings import SCORING
from ttc.budget.cost import CostConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.costs import UnitCosts, problem_costs, unit_costs
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.evaluate import Evaluation, readable
from ttc.pipeline.tuning.held_out import held_out, tuned_parts
from ttc.policies import PolicyPart, StoppingRule, matching, named
from ttc.store.attempts import is_measured
from ttc.store.manifest import Manifest
from ttc.store.pool import LoadedPool, load_pool, require_same_dataset, verifiers
from ttc.store.run_folder import RunFolder

COST_UNITS = ("c", "tokens", "flops", "usd", "calls", "seconds")
Ladder = Callable[[int], tuple[int, ...]]
_EVEN = 0.9  # share of V verifications that solutions have in the mean, at least
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A run and what is asked of it.

    verified: the policies that are traded against voting; others: policies that read no
    verification, but for majority vote, which always counts, and coverage, which nobody can choose.
    """

    run: RunFolder
    manifest: Manifest
    evaluation: Evaluation
    verified: tuple[PolicyPart, ...]
    others: tuple[PolicyPart, ...]

    @classmethod
    def of(cls, run: RunFolder, names: Sequence[str] | None, plain: bool) -> Asked:
        """names: labels, types or aliases, None for the recipe's; plain: also `others`.

        Raises `UsageError` for one by name that has no place here.
        """
        manifest = run.manifest()
        evaluation = Evaluation.of_manifest(manifest)
        chosen = evaluation.policies
        if names is not None:
            found = {p.label: p for name in names for p in matching(name, chosen)}
            chosen = tuple(found.values())
        others = tuple(p for p in chosen if plain and not p.reads_verifications)
        verified = tuple(p for p in chosen if _has_s_and_v(p))
        for policy in chosen if names is not None else ():
            if policy not in (*verified, *others):
                stops = isinstance(policy, StoppingRule)
                why = "stops by itself" if stops else "reads no verifications"
                raise UsageError(f"{policy.label} {why}, so it has no S and V to trade")
        if not verified and names is None:
            verified = (named("best_of_n"),)
        always = [named("first"), named("majority"), named("oracle")]
        others = tuple(p for p in others if p not in always)
        return cls(run, manifest, evaluation, verified, others)

    def scored(self, scoring: Mapping[str, str]) -> Asked:
        """With some of `SCORING` otherwise."""
        return replace(self, evaluation=self.evaluation.scored(scoring))

    @property
    def reads(self) -> frozenset[str]:
        """What has to be loaded for them."""
        return frozenset().union(*(p.reads for p in (*self.verified, *self.others)))


@dataclass(frozen=True)
class Spending:
    """What each problem costs, (problems,) each: once, every solution, once for every verified
    solution, and every verification.

    relative: in units of a mean solution, as C = S(1 + lambda V) is: lambda is a ratio of means, so
    it varies with the problems as all that is measured on them does.
    """

    fixed: FloatArray
    solution: FloatArray
    once: FloatArray
    verification: FloatArray
    relative: bool = False

    def linear(self, weights: FloatArray | None = None) -> tuple[LinearCost, LinearCost]:
        """Mean costs without and with verification, under a resample's weights, (problems,)."""
        w = np.full(len(self.fixed), 1 / len(self.fixed)) if weights is None else weights
        parts = (self.fixed, self.solution, self.once, self.verification)
        fixed, solution, once, verification = (float(w @ part) for part in parts)
        if self.relative:
            return LinearCost(), LinearCost(verification=verification / solution)
        return LinearCost(fixed, solution), LinearCost(fixed, solution + once, verification)

    def take(self, order: list[int]) -> Spending:
        """Of some of the problems, or of all in another order."""
        return replace(
            self,
            fixed=self.fixed[order],
            solution=self.solution[order],
            once=self.once[order],
            verification=self.verification[order],
        )


@dataclass(frozen=True)
class Source:
    """One run with one verifier, on the problems that all sources have.

    S, V: the grid, V >= 1. voted, covered: (problems, S) success of majority vote and coverage;
    verified: by policy (problems, S, V), NaN beyond the verified solutions; others: by policy that
    reads none, (problems, S) success and (S,) cost. right, total: (problems,) counts of right and
    of all solutions. unit: of the compute axis; spending: in it; in_c: in C = S(1 + lambda V), None
    where lambda is unknown. ratio: lambda. scoring: how verifications became scores, by the names
    of `SCORING`.
    """

    run: str
    verifier: str
    """Empty where nothing is verified."""
    S: IntArray
    V: IntArray
    voted: FloatArray
    covered: FloatArray
    verified: dict[str, FloatArray]
    others: dict[str, tuple[FloatArray, FloatArray]]
    right: IntArray
    total: IntArray
    unit: str
    spending: Spending
    in_c: Spending | None
    ratio: float
    problem_ids: tuple[str, ...]
    scoring: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def voting(self) -> LinearCost:
        """Mean cost without verification."""
        return self.spending.linear()[0]

    @cached_property
    def verifying(self) -> LinearCost:
        """Mean cost with verification."""
        return self.spending.linear()[1]


def load_sources(
    runs: Sequence[RunFolder],
    policies: Sequence[str] | None,
    verifier: str | None,
    unit: str | None,
    overrides: Sequence[str] = (),
    ladder: Ladder = powers_of_two,
    plain: bool = False,
    scoring: Mapping[str, str] | None = None,
) -> list[Source]:
    """A source for each run and verifier. policies: those that read verifications, None: the run's.

    unit: None for the usual one of the first run. ladder: values of S and V up to what the pool
    has. plain: also policies that read none, and
    runs where nothing is verified. scoring: those of `SCORING` that are to be otherwise.

    Raises `DataError` for runs of measured answers, of different data sets, without verifications,
    or without costs in this unit, and `UsageError` for a policy that can't be compared.
    """
    for run in runs:
        if is_measured(run):
            raise DataError(
                f"{run.name} has no S and V to trade: its solutions are no exchangeable draws; "
                "ttc curves shows what its sampler answers within a limit of tokens"
            )
    asked = [Asked.of(run, policies, plain).scored(scoring or {}) for run in runs]
    if len(runs) > 1:
        require_same_dataset(runs)
    pools = [pool for one in asked for pool in _pools(one, verifier, plain)]
    common = _common([pool for _, pool in pools])
    unit = unit or _usual_unit(pools[0][1])
    make = partial(_source, unit=unit, overrides=overrides, ladder=ladder)
    return [make(one, pool.only(common)) for one, pool in pools]


def _has_s_and_v(policy: PolicyPart) -> bool:
    stops = isinstance(policy, StoppingRule)
    return policy.reads_verifications and not stops and "pairs" not in policy.reads


def _pools(asked: Asked, verifier: str | None, plain: bool) -> list[tuple[Asked, LoadedPool]]:
    run = asked.run
    names = [verifier] if verifier is not None else verifiers(run)
    tuned = tuned_parts((*asked.verified, *asked.others))
    tuned = (*tuned, *asked.evaluation.tuned_verifiers)
    held = held_out(run, tuned, asked.evaluation.tuning_problems)
    if not names:
        loaded = load_pool(run, reads=asked.reads)  # which says what else may be wrong with it
        loaded = loaded.only(frozenset(loaded.arrays.problem_ids) - held.left_out)
        if plain:
            return [(replace(asked, verified=()), loaded)]
        raise DataError(f"{run.name} has no verifications, so there is no S and V to trade")
    found = []
    for name in names:
        loaded = load_pool(run, name, reads=asked.reads).verified()
        loaded = loaded.only(frozenset(loaded.arrays.problem_ids) - held.left_out)
        able = tuple(policy for policy in asked.verified if readable(policy, loaded))
        if able or not asked.verified:
            found.append((replace(asked, verified=able), loaded))
    if not found:
        chosen = ", ".join(policy.label for policy in asked.verified)
        raise DataError(f"{run.name}: {', '.join(names)} gives nothing that {chosen} reads")
    return found


def _common(pools: Sequence[LoadedPool]) -> frozenset[str]:
    found = frozenset.intersection(*(frozenset(p.arrays.problem_ids) for p in pools))
    if len(found) < FEWEST:
        raise DataError(
            f"{len(found)} problems have verified solutions everywhere; this needs three at least, "
            "better a hundred"
        )
    return found


def _source(
    asked: Asked, loaded: LoadedPool, unit: str, overrides: Sequence[str], ladder: Ladder
) -> Source:
    run, evaluation = asked.run, asked.evaluation
    arrays = loaded.arrays
    sizes = ladder(int(arrays.n_solutions.min()))
    depths = ladder(_depth(run, arrays))
    widest = int(arrays.n_verified.min())
    if asked.verified and widest < 2:
        raise DataError(f"{run.name}: a fit needs two verified solutions of every problem")
    _refuse_silent(run, loaded)
    seed = np.random.default_rng(evaluation.seed)
    voted, settings = (named("majority"), named("oracle")), evaluation.settings
    policies = [*voted, *asked.verified, *asked.others]
    grid = evaluate(arrays, sizes, depths, policies, seed, settings)
    grid = on_all_solutions(grid, arrays, policies, seed)
    place = {label: i for i, label in enumerate(grid.policies)}
    cost = with_overrides(evaluation.cost, overrides)
    ratio = unit_costs(loaded, cost, asked.manifest).ratio
    each = problem_costs(loaded, cost, asked.manifest)
    in_c = _in_c(loaded, ratio, cost)
    return Source(
        run=run.name,
        verifier=loaded.verifier or "",
        S=grid.S,
        V=grid.V[1:],
        voted=grid.success[:, 0, :, 0],
        covered=grid.success[:, 1, :, 0],
        verified={p.label: grid.success[:, place[p.label], :, 1:] for p in asked.verified},
        others={
            p.label: (
                grid.success[:, place[p.label], :, 0],
                _spent(asked, loaded, cost, unit, grid.used_s[:, place[p.label], :, 0]),
            )
            for p in asked.others
        },
        right=np.count_nonzero(arrays.correct, axis=1),
        total=arrays.n_solutions,
        unit=unit,
        spending=_spending(run, each, in_c, unit),
        in_c=in_c,
        ratio=ratio,
        problem_ids=arrays.problem_ids,
        scoring={name: getattr(settings, name) for name in SCORING},
    )


def _depth(run: RunFolder, pool: PoolArrays) -> int:
    """The largest V that a fit may use: what S V verifications cost, S solutions must have had."""
    most = int(pool.n_verifications.min())
    counts = pool.verification_count[pool.verification_count > 0]
    depth = max(
        (v for v in range(1, most + 1) if np.minimum(counts, v).mean() >= _EVEN * v), default=most
    )
    if depth < most:
        log.warning(
            "%s: solutions have %d to %d verifications, so V goes to %d here, as far as nearly all "
            "have so many",
            run.name,
            counts.min(),
            counts.max(),
            depth,
        )
    return depth


def _spent(
    asked: Asked, loaded: LoadedPool, cost: CostConfig, unit: str, used: FloatArray
) -> FloatArray:
    """(S,) mean cost of the solutions used, (problems, S)."""
    if unit == "c":
        return np.asarray(used.mean(axis=0))
    each = problem_costs(loaded, cost, asked.manifest)
    costs = [[own.cell(n, 0)[unit] for n in row] for own, row in zip(each, used, strict=True)]
    return np.asarray(np.mean(costs, axis=0))


def _refuse_silent(run: RunFolder, loaded: LoadedPool) -> None:
    if not (loaded.arrays.answer_class >= 0).any():
        raise DataError(
            f"no solution of {run.name} has a valid answer, so there is nothing to choose from; "
            "check how its answers are read (answers.extract)"
        )


def _in_c(loaded: LoadedPool, ratio: float, cost: CostConfig) -> Spending | None:
    """In the paper's unit. A lambda that was measured is that of the problems at hand."""
    solution = loaded.solutions.completion_tokens
    nothing = np.zeros(len(solution))
    if not math.isfinite(ratio):
        return None
    if cost.ratio == "measured":
        judged = loaded.verifications.completion_tokens
        if loaded.verifier is None:
            judged = nothing
        return Spending(nothing, solution, nothing, judged, relative=True)
    return Spending(nothing, nothing + 1, nothing, nothing + ratio, relative=True)


def _spending(
    run: RunFolder, each: Sequence[UnitCosts], in_c: Spending | None, unit: str
) -> Spending:
    """What problems cost in a unit. Raises `DataError` where nobody knows."""
    if unit == "c":
        if in_c is None:
            raise DataError(f"lambda of {run.name} can't be measured; give it by --lambda")
        return in_c
    rows = [
        (
            one.per_problem.get(unit, 0.0),
            one.solution[unit],
            one.per_verified.get(unit, 0.0),
            one.verification.get(unit, 0.0),
        )
        for one in each
    ]
    parts = np.array(rows, dtype=np.float64).T
    if not np.isfinite(parts).any(axis=1).all():
        hints = {
            "flops": "; give cost.parameters by --set cost.parameters=N",
            "usd": "; give prices by --set cost.prices=litellm or in the recipe",
        }
        raise DataError(f"{run.name} has no costs in {unit}{hints.get(unit, '')}")
    found = Spending(*np.nan_to_num(parts))
    judged = found.once.any() or found.verification.any()
    if any(one.verification for one in each) and not judged and unit != "seconds":
        raise DataError(
            f"verifications of {run.name} have no {unit}; say in C what one costs: --lambda"
        )
    if found.linear()[0].solution <= 0:
        raise DataError(f"solutions of {run.name} cost nothing in {unit}; choose another --unit")
    return found


def _usual_unit(loaded: LoadedPool) -> str:
    """Of the compute axis: tokens, prompts included; C for samples whose tokens nobody counted."""
    told = [loaded.solutions] + ([loaded.verifications] if loaded.verifier else [])
    return "tokens" if all(np.nansum(use.completion_tokens) > 0 for use in told) else "c"


def pooled(sources: Sequence[Source]) -> list[Source]:
    """One source for each verifier: success of the same problems averaged over runs.

    The unit of resampling stays the problem; several runs make each problem's success more exact.
    """
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.verifier, []).append(source)
    return [_merge(group) if len(group) > 1 else group[0] for group in groups.values()]


def _merge(group: Sequence[Source]) -> Source:
    first = group[0]
    n_s, n_v = min(len(s.S) for s in group), min(len(s.V) for s in group)
    names = [name for name in first.verified if all(name in s.verified for s in group)]
    orders = [[s.problem_ids.index(name) for name in first.problem_ids] for s in group]

    def mean(parts: Sequence[FloatArray]) -> FloatArray:
        rows = [part[order] for part, order in zip(parts, orders, strict=True)]
        return np.asarray(np.mean(rows, axis=0))

    def spent(parts: Sequence[Spending]) -> Spending:
        rows = [p.take(order) for p, order in zip(parts, orders, strict=True)]
        columns = [(r.fixed, r.solution, r.once, r.verification) for r in rows]
        fixed, solution, once, verification = np.mean(columns, axis=0)
        return Spending(fixed, solution, once, verification, rows[0].relative)

    in_c = [s.in_c for s in group if s.in_c is not None]

    return replace(
        first,
        run=" + ".join(s.run for s in group),
        S=first.S[:n_s],
        V=first.V[:n_v],
        voted=mean([s.voted[:, :n_s] for s in group]),
        covered=mean([s.covered[:, :n_s] for s in group]),
        verified={n: mean([s.verified[n][:, :n_s, :n_v] for s in group]) for n in names},
        others={},
        right=np.sum([s.right[o] for s, o in zip(group, orders, strict=True)], axis=0),
        total=np.sum([s.total[o] for s, o in zip(group, orders, strict=True)], axis=0),
        spending=spent([s.spending for s in group]),
        in_c=spent(in_c) if len(in_c) == len(group) else None,
        ratio=float(np.mean([s.ratio for s in group])),
    )


def aligned(sources: Sequence[Source]) -> list[Source]:
    """The sources with their problems in the order of the first, for paired resamples."""
    ids = sources[0].problem_ids
    return [s if s.problem_ids == ids else _reordered(s, ids) for s in sources]


def _reordered(source: Source, ids: Sequence[str]) -> Source:
    order = [source.problem_ids.index(name) for name in ids]
    return replace(
        source,
        voted=source.voted[order],
        covered=source.covered[order],
        verified={name: values[order] for name, values in source.verified.items()},
        others={name: (y[order], cost) for name, (y, cost) in source.others.items()},
        right=source.right[order],
        total=source.total[order],
        spending=source.spending.take(order),
        in_c=None if source.in_c is None else source.in_c.take(order),
        problem_ids=tuple(ids),
    )
