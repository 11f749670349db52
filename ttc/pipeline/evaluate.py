"""The `curves` table of a run: every policy at every S and V, with costs.

Which problems a row is about: those that have a solution and, where its policy reads verifications,
a verified one; `n_problems` says how many. A problem for which the budget ended before that is left
out and counted in `n_left_out`: it was not measured, and to score it as a failure at every S would
mix what a budget bought with what S solutions achieve. Whoever compares policies evaluates them on
the same problems (`same_problems`, as `ttc curves` does), since those left unverified are the long
and hard ones, and a comparison across would flatter the policies that verify. S and V go as far as
every problem has them, so that all points of a curve are about the same problems.

Where a sampler's solutions are no exchangeable draws there is no S: see `ttc.pipeline.measured`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from ttc.analysis.drawn import OF_SOME, given
from ttc.analysis.errors import GridError
from ttc.analysis.settings import SCORING, EstimatorSettings
from ttc.budget.cost import CostConfig
from ttc.errors import DataError
from ttc.pipeline.as_shared_out import as_shared_out
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.costs import COST_UNITS, UnitCosts, problem_costs, role_rates, unit_costs
from ttc.pipeline.curves import Curves, Row, curve_rows, grid_sizes
from ttc.pipeline.measured import measured_curve, recounted
from ttc.pipeline.stored_pool import StoredPool
from ttc.pipeline.tuning.held_out import (
    HeldOut,
    TunedParts,
    TuningProblems,
    held_out,
    tuned_parts,
)
from ttc.policies import PolicyPart, of_recipe, usual
from ttc.store.attempts import is_measured, load_attempts
from ttc.store.manifest import Manifest
from ttc.store.pool import LoadedPool, load_pool, verifiers
from ttc.store.run_folder import RunFolder
from ttc.store.tables import write_table

if TYPE_CHECKING:
    from ttc.recipe import Recipe

__all__ = ["Evaluated", "Evaluation", "UnitCosts", "evaluate_run", "unit_costs", "write_curves"]

Sizes = str | Sequence[int]
_POWERS = "powers_of_two"


@dataclass(frozen=True)
class Evaluation:
    """What is to be evaluated of a run: policies, the grid of S and V, and how costs are counted.

    solutions, verifications: values, or `powers_of_two`; what the pool does not have is passed
    over. same_problems: all policies on the problems that all verifiers verified, where there are
    such; else policies that read no verification are evaluated on every problem with a solution.
    caps: of measured answers, limits in tokens that are to be among those evaluated. settings: how
    scores are formed, and how hard estimators work. budgets: per problem, by unit, within which the
    best cells are told. cluster: a key of metadata, of problems that were made together.
    new_samples: whether intervals for these problems with new samples are wanted, too. only: these
    problems alone, all where None; tuning_problems: what of those that a policy was tuned on,
    or a verifier (tuned_verifiers: label and file).
    """

    policies: tuple[PolicyPart, ...] = field(default_factory=usual)
    solutions: Sizes = _POWERS
    verifications: Sizes = _POWERS
    cost: CostConfig = field(default_factory=CostConfig)
    seed: int = 0
    same_problems: bool = True
    caps: tuple[float, ...] = ()
    settings: EstimatorSettings = field(default_factory=EstimatorSettings)
    budgets: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cluster: str | None = None
    new_samples: bool = False
    only: frozenset[str] | None = None
    tuning_problems: TuningProblems = "refuse"
    tuned_verifiers: TunedParts = ()

    @property
    def tuned(self) -> TunedParts:
        """What is tuned, and the file that says on which problems."""
        return (*tuned_parts(self.policies), *self.tuned_verifiers)

    def scored(self, scoring: Mapping[str, Any]) -> Evaluation:
        """With some of `SCORING` otherwise."""
        return replace(self, settings=replace(self.settings, **scoring))

    @classmethod
    def of_recipe(cls, recipe: Recipe) -> Evaluation:
        """What a recipe asks for."""
        return cls(
            policies=recipe.policies,
            solutions=recipe.grid.solutions,
            verifications=recipe.grid.verifications,
            cost=recipe.cost,
            seed=recipe.seed,
            same_problems=_any_reads(recipe.policies),
            caps=recipe.budget.per_problem.limits("tokens"),
            budgets=_budgets(recipe.budget.per_problem.model_dump(mode="json")),
            tuning_problems=recipe.grid.tuning_problems,
            tuned_verifiers=tuned_parts(recipe.verifiers),
        ).scored(recipe.grid.scoring)

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> Evaluation:
        """What the recipe in a manifest asks for; usual policies and defaults where it has none.

        Imported and simulated runs have no recipe of ours, but may hold a `cost` section.
        """
        recipe = manifest.recipe
        grid = recipe.get("grid", {})
        per_problem = recipe.get("budget", {}).get("per_problem", {})
        try:
            cost = CostConfig.model_validate(recipe.get("cost", {}))
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise DataError(f"the manifest's cost section is damaged at {place}") from None
        policies = of_recipe(recipe, manifest.code) or usual()
        made = cls(
            policies=policies,
            solutions=grid.get("solutions", _POWERS),
            verifications=grid.get("verifications", _POWERS),
            cost=cost,
            seed=manifest.seed or 0,
            same_problems=_any_reads(policies),
            caps=_limits(per_problem.get("tokens")),
            budgets=_budgets(per_problem),
            tuning_problems="left_out" if grid.get("tuning_problems") == "left_out" else "refuse",
            tuned_verifiers=_tuned_inside(recipe.get("verifiers") or ()),
        )
        try:
            return made.scored({name: grid[name] for name in SCORING if name in grid})
        except GridError as error:
            raise DataError(f"the manifest's grid section is damaged: {error}") from None


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation found: rows of `curves`, and for the manifest its facts and its choices.

    facts: which problems the rows are about, `Manifest.evaluation`; choices: fields of `Choices`;
    parts: the rows with success by problem, for policies that read no verifications and for each
    verifier.
    """

    rows: list[Row]
    facts: dict[str, Any]
    choices: dict[str, Any]
    parts: tuple[Curves, ...] = ()

    def note(self, manifest: Manifest) -> None:
        """Put facts and choices into a manifest."""
        manifest.evaluation = dict(self.facts)
        for name, value in self.choices.items():
            setattr(manifest.choices, name, value)


def write_curves(recipe: Recipe | None, run: RunFolder, manifest: Manifest) -> Evaluated:
    """Evaluate a run's policies from the tables on disk and write `curves.parquet`.

    Without a recipe, the manifest says what to evaluate. Facts and choices are for the caller
    to note.
    """
    wanted = Evaluation.of_manifest(manifest) if recipe is None else Evaluation.of_recipe(recipe)
    found = evaluate_run(run, manifest, replace(wanted, same_problems=False))
    if "paired" in found.facts:  # whether it came to the same
        found.facts["paired"] = len({row["n_problems"] for row in found.rows}) < 2
    if manifest.recipe.get("budget", {}).get("allocation", "equal") != "equal":
        held = held_out(run, wanted.tuned, wanted.tuning_problems)
        reads = frozenset().union(*(policy.reads for policy in wanted.policies))
        loaded = _load(run, wanted.only, held, reads, None)
        able = [policy for policy in wanted.policies if readable(policy, loaded)]
        found.facts["shared_out"] = as_shared_out(loaded, able, wanted.seed, wanted.settings)
    write_table(run.curves, "curves", found.rows)
    return found


def evaluate_run(
    run: RunFolder, manifest: Manifest, wanted: Evaluation, verifier: str | None = None
) -> Evaluated:
    """Rows of the `curves` table, with the named or all verifiers, and what they are about.

    manifest: says which models there were; it is only read.
    """
    if is_measured(run):
        return _measured(run, manifest, wanted)
    reading = [policy for policy in wanted.policies if policy.reads_verifications]
    others = [policy for policy in wanted.policies if not policy.reads_verifications]
    known = [verifier] if verifier is not None else verifiers(run)
    reads = frozenset().union(*(policy.reads for policy in wanted.policies))
    held = held_out(run, wanted.tuned, wanted.tuning_problems)
    load = lru_cache(maxsize=1)(partial(_load, run, wanted.only, held, reads))
    common = _verified_by_all(load, known) if wanted.same_problems else None
    facts: dict[str, Any] = {"paired": common is not None}
    if held.tuned_on:
        facts["tuning"] = held.facts()
    ratios = dict(manifest.choices.lambda_by_verifier)
    made: list[Curves] = []
    for number, name in enumerate(known or [None]):
        loaded = load(name)
        chosen = loaded if common is None else loaded.only(common)
        if number == 0:
            facts |= _solved_facts(loaded, chosen, held)
            plain = [policy for policy in others if readable(policy, chosen)]
            made.append(_curves(wanted, chosen, plain, manifest, run, reads))
        if name is not None:
            verified = chosen.verified()
            facts.setdefault("without_verifications", {})[name] = _unverified(loaded)
            facts.setdefault("verified", {})[name] = _reach(verified)
            ratio = unit_costs(verified, wanted.cost, manifest).ratio
            if math.isfinite(ratio):
                ratios[name] = ratio
            able = [policy for policy in reading if readable(policy, verified)]
            made.append(_curves(wanted, verified, able, manifest, run, reads))
    choices = _cost_choices(manifest, wanted.cost, known) | {"lambda_by_verifier": ratios}
    if known:
        choices["verification_draws"] = wanted.settings.verification_draws
        choices["invalid_verdicts"] = wanted.settings.invalid_verdict
    if held.tuned_on:
        choices["tuning"] = "held_out"
    if best := [row for one in made for row in one.best]:
        facts["best"] = best
    return Evaluated([row for one in made for row in one.rows], facts, choices, tuple(made))


def _load(
    run: RunFolder,
    only: frozenset[str] | None,
    held: HeldOut,
    reads: frozenset[str],
    verifier: str | None,
) -> LoadedPool:
    """The pool without problems that are not to be reported on."""
    loaded = load_pool(run, verifier, reads=reads)
    wanted = loaded.arrays.problem_ids if only is None else only
    chosen = frozenset(wanted) - held.left_out
    if not chosen & frozenset(loaded.arrays.problem_ids):
        raise DataError(f"{run.name} has no solutions of the problems that are to be reported on")
    return loaded.only(chosen)


def _measured(run: RunFolder, manifest: Manifest, wanted: Evaluation) -> Evaluated:
    """Of a sampler that gives one answer."""
    loaded = load_attempts(run)
    if wanted.cost != Evaluation.of_manifest(manifest).cost:
        loaded = recounted(loaded, wanted.cost, manifest)
    clusters = clusters_of(run, wanted.cluster, loaded.problem_ids)
    found = measured_curve(loaded, wanted.caps, clusters)
    choices = _cost_choices(manifest, wanted.cost, ()) | {"problems_left_out": "without any sample"}
    return Evaluated(found.curves.rows, found.facts, choices, (found.curves,))


def _verified_by_all(
    load: Callable[[str], LoadedPool], known: Sequence[str]
) -> frozenset[str] | None:
    """Problems with solutions that every verifier verified; None where there are none."""
    common: frozenset[str] | None = None
    for name in known:
        found = frozenset(load(name).verified().arrays.problem_ids)
        common = found if common is None else common & found
    return common or None


def readable(policy: PolicyPart, loaded: LoadedPool) -> bool:
    """Whether a pool's verifier and its solutions give what a policy reads."""
    return policy.can_read(given({n: getattr(loaded.arrays, n) for n in OF_SOME}))


def _any_reads(policies: Sequence[PolicyPart]) -> bool:
    return any(policy.reads_verifications for policy in policies)


def _curves(
    wanted: Evaluation,
    loaded: LoadedPool,
    policies: list[PolicyPart],
    manifest: Manifest,
    run: RunFolder,
    reads: frozenset[str],
) -> Curves:
    """Of policies that all read verifications, or none of which does."""
    nothing = Curves.none()
    if not policies:
        return nothing
    pool = loaded.arrays
    costs = unit_costs(loaded, wanted.cost, manifest)
    sizes_of = partial(grid_sizes, and_most=manifest.status == "imported")
    solutions = sizes_of(wanted.solutions, int(pool.n_solutions.min()))
    sizes: list[int] = []
    if policies[0].reads_verifications:
        solutions = sizes_of(wanted.solutions, int(pool.n_verified.min()))
        sizes = sizes_of(wanted.verifications, int(pool.n_verifications.min()))
        if not sizes:
            return nothing
    if not solutions and any(policy.largest != 1 for policy in policies):
        return nothing
    return curve_rows(
        pool,
        solutions,
        sizes,
        policies,
        costs,
        loaded.verifier,
        wanted.seed,
        wanted.settings,
        left_out=len(loaded.left_out),
        by_problem=partial(problem_costs, loaded, wanted.cost, manifest),
        budgets=wanted.budgets,
        clusters=clusters_of(run, wanted.cluster, pool.problem_ids),
        new_samples=wanted.new_samples,
        source=StoredPool.of(run, loaded.verifier, reads),
    )


def _solved_facts(loaded: LoadedPool, chosen: LoadedPool, held: HeldOut) -> dict[str, Any]:
    """What the run has, and of the chosen problems, how far S reaches and which say nothing."""
    pool = chosen.arrays
    counts = pool.n_solutions
    silent = ~(pool.answer_class >= 0).any(axis=1)
    return {
        "problems": loaded.arrays.n_problems + len(loaded.left_out),
        "evaluated": pool.n_problems,
        "without_solutions": [name for name in loaded.left_out if name not in held.left_out],
        "without_valid_answer": [pool.problem_ids[i] for i in np.flatnonzero(silent)],
        "fewest_solutions": int(counts.min()),
        "most_solutions": int(counts.max()),
        **({"split_by_label": loaded.split} if loaded.split else {}),
    }


def _unverified(loaded: LoadedPool) -> list[str]:
    """Problems with solutions of which none is verified."""
    lacking = loaded.arrays.n_verified == 0
    return [loaded.arrays.problem_ids[i] for i in np.flatnonzero(lacking)]


def _reach(verified: LoadedPool) -> dict[str, int]:
    """How far S and V reach where there are verifications."""
    pool = verified.arrays
    return {
        "solutions": int(pool.n_verified.min()),
        "verifications": int(pool.n_verifications.min()),
    }


def _cost_choices(manifest: Manifest, cost: CostConfig, known: Sequence[str]) -> dict[str, Any]:
    """The conventions behind the cost columns."""
    found: dict[str, Any] = {
        "flops": cost.flops_convention,
        "prompt_counting": cost.prompt_counting,
        "rates": {role: role_rates(cost, manifest, role).as_dict() for role in ("solver", *known)},
        "problems_left_out": "without solutions, or without verifications where policies read them",
    }
    if known:
        found["lambda_source"] = "measured" if cost.ratio == "measured" else "configured"
    return found


def _tuned_inside(recorded: Any) -> TunedParts:
    """Of verifiers as a manifest has them, and of what they hold, which are tuned."""
    if isinstance(recorded, Mapping):
        own = str(recorded.get("name") or recorded.get("type")), recorded.get("tuned")
        inner = tuple(one for value in recorded.values() for one in _tuned_inside(value))
        return ((own[0], str(own[1])), *inner) if own[1] else inner
    if isinstance(recorded, list | tuple):
        return tuple(one for value in recorded for one in _tuned_inside(value))
    return ()


def _budgets(per_problem: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The limits by unit, of units that curves have."""
    told = {unit: _limits(listed) for unit, listed in per_problem.items() if unit in COST_UNITS}
    return {unit: limits for unit, limits in told.items() if limits}


def _limits(listed: Any) -> tuple[float, ...]:
    """One limit, several or none, as a manifest has them."""
    if listed is None:
        return ()
    return tuple(map(float, listed)) if isinstance(listed, list) else (float(listed),)
