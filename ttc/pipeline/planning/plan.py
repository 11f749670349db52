"""A plan: forecast, budget and sample sizes of a recipe, from what is known of its lengths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError, UsageError
from ttc.pipeline.planning.facts import RoleFacts, role_facts
from ttc.pipeline.planning.forecast import Forecast, forecast
from ttc.pipeline.planning.lengths import RoleUse, measured_uses, told_use, with_prompts
from ttc.pipeline.planning.limits import Limit, limits
from ttc.pipeline.planning.matching import Wanted
from ttc.pipeline.planning.pilot import SOLUTIONS, pilot_recipe
from ttc.pipeline.planning.roles import SOLVER, planned_roles
from ttc.pipeline.planning.sample_size import (
    Goal,
    SampleSize,
    assumed_size,
    measured_size,
    usual_methods,
)
from ttc.pipeline.run import Progress, load_problems, run_recipe
from ttc.store.pool import verifiers
from ttc.store.run_folder import RunFolder, find_run

if TYPE_CHECKING:
    from ttc.recipe import Recipe

ACCURACY, CORRELATION = 0.5, 0.5
"""Assumed where there is no pool to measure them."""


@dataclass(frozen=True)
class PlanRequest:
    """What a plan rests on and is to say.

    like: a run to take lengths (and spread) from; pilot: problems to run for them now. Lengths
    that are told go before both. goal: the difference to find, None for a forecast alone; methods:
    the two to tell apart, by the verifications of `verifier` where there are several. accuracy,
    correlation: assumptions in place of a pool. Raises `UsageError` for options that contradict or
    lack each other.
    """

    like: str | None = None
    pilot: int | None = None
    pilot_solutions: int = SOLUTIONS
    solution_tokens: float | None = None
    verification_tokens: float | None = None
    tokens_per_second: float | None = None
    goal: Goal | None = None
    methods: tuple[Wanted, Wanted] | None = None
    verifier: str | None = None
    accuracy: float | None = None
    correlation: float | None = None

    def __post_init__(self) -> None:
        measured = self.like is not None or self.pilot is not None
        assumed = self.accuracy is not None or self.correlation is not None
        if self.like is not None and self.pilot is not None:
            raise UsageError("--like and --pilot both measure lengths; give one of them")
        if self.goal is None and (self.methods or self.verifier is not None or assumed):
            raise UsageError(
                "--compare, --verifier, --accuracy and --correlation need --difference"
            )
        if self.methods and not measured:
            raise UsageError("--compare needs a pool to compare on: --like RUN or --pilot PROBLEMS")
        if self.methods and assumed:
            raise UsageError("--compare measures what --accuracy and --correlation assume")
        if self.tokens_per_second == 0:
            raise UsageError("--tokens-per-second 0: must be above 0")


@dataclass(frozen=True)
class Plan:
    """What `ttc plan` prints."""

    recipe: str
    forecast: Forecast
    limits: tuple[Limit, ...]
    sample_size: SampleSize | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "recipe": self.recipe,
            **self.forecast.as_dict(),
            "budget": [one.as_dict() for one in self.limits],
            "sample_size": None if self.sample_size is None else self.sample_size.as_dict(),
        }


def make_plan(recipe: Recipe, wanted: PlanRequest, progress: Progress | None = None) -> Plan:
    """Forecast the recipe. Samples nothing but the pilot, if one is wished for."""
    problems = load_problems(recipe)
    run = _measured(recipe, wanted, progress)
    facts = role_facts(recipe, problems)
    found = forecast(recipe, len(problems), facts, _uses(recipe, wanted, run, facts))
    size = None if wanted.goal is None else _size(recipe, wanted, wanted.goal, run, found)
    return Plan(recipe.name, found, tuple(limits(recipe.budget, found)), size)


def _measured(recipe: Recipe, wanted: PlanRequest, progress: Progress | None) -> RunFolder | None:
    """The run to measure on; the pilot is sampled here."""
    if wanted.pilot is not None:
        _check_verifier(wanted.verifier, [v.label for v in recipe.verifiers], recipe.name)
        small = pilot_recipe(recipe, wanted.pilot, wanted.pilot_solutions)
        return run_recipe(small, progress).run
    if wanted.like is None:
        return None
    run = find_run(wanted.like, Path(recipe.results))
    _check_verifier(wanted.verifier, verifiers(run), run.name)
    return run


def _check_verifier(wanted: str | None, known: Sequence[str], of: str) -> None:
    if wanted is not None and wanted not in known:
        raise DataError(f"{of} has no verifier {wanted!r}; it has {', '.join(known) or 'none'}")


def _uses(
    recipe: Recipe, wanted: PlanRequest, run: RunFolder | None, facts: Mapping[str, RoleFacts]
) -> dict[str, RoleUse]:
    """By role: what is told, else what was measured, else NaN for what is not known."""
    roles = planned_roles(recipe)
    uses = {} if run is None else measured_uses(run, roles)
    solution = 0.0  # a verifier's prompt holds the solution that it judges
    for role in roles:
        fact = facts[role.name]
        prompts = [prompt + (solution if role.judges else 0.0) for prompt in fact.prompts]
        told = wanted.verification_tokens if role.judges else wanted.solution_tokens
        if told is not None and role.name in (SOLVER, role.verifier):
            counts = uses[role.name].counts if role.name in uses else None
            uses[role.name] = replace(told_use(prompts, told, "told"), counts=counts)
        elif role.name in uses:
            uses[role.name] = with_prompts(uses[role.name], prompts)
        else:
            uses[role.name] = told_use(prompts, math.nan, "")
        if role.name == SOLVER:
            solution = uses[role.name].completion
    speed = wanted.tokens_per_second
    if speed is None:
        return uses
    return {role: replace(use, seconds=use.completion / speed) for role, use in uses.items()}


def _size(
    recipe: Recipe, wanted: PlanRequest, goal: Goal, run: RunFolder | None, found: Forecast
) -> SampleSize:
    assumed = wanted.accuracy is not None or wanted.correlation is not None
    if run is not None and not assumed:
        methods = wanted.methods or usual_methods(recipe.policies)
        return measured_size(run, methods, goal, found.problems, wanted.verifier, found.loads)
    accuracy = ACCURACY if wanted.accuracy is None else wanted.accuracy
    correlation = CORRELATION if wanted.correlation is None else wanted.correlation
    return assumed_size(goal, accuracy, correlation, found.problems)
