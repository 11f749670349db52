"""A plan: forecast, budget and sample sizes of a recipe, from what is known of its lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.core import Problem
from ttc.errors import UsageError
from ttc.pipeline.affordable import Limit, limits
from ttc.pipeline.facts import RoleFacts, role_facts
from ttc.pipeline.lengths import SOLVER, RoleUse, complete, given_use, measured_uses
from ttc.pipeline.pilot import SOLUTIONS, run_pilot
from ttc.pipeline.plan import Forecast, forecast
from ttc.pipeline.run import Progress, load_problems
from ttc.pipeline.telling import Arm, Goal, Telling, tell_assumed, tell_measured, usual_arms
from ttc.store.run_folder import RunFolder, find_run

if TYPE_CHECKING:
    from ttc.recipe import Recipe

ACCURACY, CORRELATION = 0.5, 0.5
"""Assumed where there is no pool to measure them."""


@dataclass(frozen=True)
class Wish:
    """What a plan rests on and is to say.

    like: a run to take lengths (and spread) from; pilot: problems to run for them now. Lengths
    that are given go before both. goal: the difference to find, None for a forecast alone; arms:
    the methods to tell apart. accuracy, correlation: assumptions in place of a pool.
    """

    like: str | None = None
    pilot: int | None = None
    pilot_solutions: int = SOLUTIONS
    solution_tokens: float | None = None
    verification_tokens: float | None = None
    tokens_per_second: float | None = None
    goal: Goal | None = None
    arms: tuple[Arm, Arm] | None = None
    accuracy: float | None = None
    correlation: float | None = None

    def check(self) -> None:
        """Raise `UsageError` for options that contradict or lack each other."""
        if self.like is not None and self.pilot is not None:
            raise UsageError("--like and --pilot both measure lengths; give one of them")
        if self.goal is None and (self.arms or self.accuracy is not None or self.correlation):
            raise UsageError("--compare, --accuracy and --correlation need --difference")
        measured = self.like is not None or self.pilot is not None
        assumed = self.accuracy is not None or self.correlation is not None
        if self.arms and not measured:
            raise UsageError("--compare needs a pool to compare on: --like RUN or --pilot PROBLEMS")
        if self.arms and assumed:
            raise UsageError("--compare measures what --accuracy and --correlation assume")
        if self.tokens_per_second == 0:
            raise UsageError("--tokens-per-second 0: must be above 0")


@dataclass(frozen=True)
class Plan:
    """What `ttc plan` prints."""

    recipe: str
    forecast: Forecast
    limits: tuple[Limit, ...]
    telling: Telling | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "recipe": self.recipe,
            **self.forecast.as_dict(),
            "budget": [one.as_dict() for one in self.limits],
            "sample_size": None if self.telling is None else self.telling.as_dict(),
        }


def make_plan(recipe: Recipe, wish: Wish, progress: Progress | None = None) -> Plan:
    """Forecast the recipe. Samples nothing but the pilot, if one is wished for."""
    wish.check()
    problems = load_problems(recipe)
    measured = _measured(recipe, wish, progress)
    facts = role_facts(recipe, problems)
    uses = _uses(recipe, wish, measured, facts)
    found = forecast(recipe, len(problems), facts, uses)
    telling = _telling(recipe, wish, measured, problems) if wish.goal else None
    return Plan(recipe.name, found, tuple(limits(recipe.budget, found)), telling)


def _measured(recipe: Recipe, wish: Wish, progress: Progress | None) -> RunFolder | None:
    if wish.pilot is not None:
        return run_pilot(recipe, wish.pilot, wish.pilot_solutions, progress).run
    return None if wish.like is None else find_run(wish.like, Path(recipe.results))


def _uses(
    recipe: Recipe, wish: Wish, run: RunFolder | None, facts: dict[str, RoleFacts]
) -> dict[str, RoleUse]:
    labels = [verifier.label for verifier in recipe.verifiers]
    measured = {} if run is None else measured_uses(run, labels)
    told: dict[str, RoleUse] = {}
    solution = wish.solution_tokens
    if solution is None and SOLVER in measured:
        solution = measured[SOLVER].lengths.completion
    for role in (SOLVER, *labels):
        given = wish.solution_tokens if role == SOLVER else wish.verification_tokens
        if given is not None:
            # A verifier's prompt holds the solution that it judges.
            inside = 0.0 if role == SOLVER else solution or 0.0
            told[role] = given_use([p + inside for p in facts[role].prompts], given)
    uses = complete(measured, (SOLVER, *labels), told)
    return {role: _timed(use, wish.tokens_per_second) for role, use in uses.items()}


def _timed(use: RoleUse, tokens_per_second: float | None) -> RoleUse:
    if tokens_per_second is None:
        return use
    return replace(use, seconds=use.lengths.completion / tokens_per_second)


def _telling(
    recipe: Recipe, wish: Wish, run: RunFolder | None, problems: Sequence[Problem]
) -> Telling:
    assert wish.goal is not None
    if run is not None and wish.accuracy is None and wish.correlation is None:
        arms = wish.arms or usual_arms([policy.label for policy in recipe.policies])
        return tell_measured(run, arms, wish.goal, len(problems))
    accuracy = ACCURACY if wish.accuracy is None else wish.accuracy
    correlation = CORRELATION if wish.correlation is None else wish.correlation
    return tell_assumed(wish.goal, accuracy, correlation, len(problems))
