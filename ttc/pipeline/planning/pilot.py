"""A small part of a recipe, run for real: what the lengths and successes of the whole may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.refs import DatasetRef

if TYPE_CHECKING:
    from ttc.recipe import Recipe

SOLUTIONS = 8
_VERIFIED = 4
_VERIFICATIONS = 4


class PilotProblems(DatasetPart):
    """Some problems of another dataset, evenly spread. No part of recipes, so not registered."""

    type: Literal["pilot"] = "pilot"
    of: DatasetRef
    problems: int

    def load(self) -> Sequence[Problem]:
        return spread(self.of.load(), self.problems)


def spread(problems: Sequence[Problem], wanted: int) -> list[Problem]:
    """So many of the problems at equal distances; all where there are no more."""
    if wanted >= len(problems):
        return list(problems)
    # The middle of equal parts: no multiple of a period in which difficulties may take turns.
    return [problems[int((i + 0.5) * len(problems) / wanted)] for i in range(wanted)]


def pilot_recipe(recipe: Recipe, problems: int, solutions: int = SOLUTIONS) -> Recipe:
    """The recipe with few problems, and of each few solutions and verifications.

    Prompts, models, sampling and budget stay, so that the whole run finds what the pilot sampled
    in the journal and does not pay for it again. Its run belongs to a recipe `<name>-pilot`.
    """
    sampler, verifiers = recipe.sampler, tuple(_fewer(v) for v in recipe.verifiers)
    names = type(sampler).model_fields
    changes: dict[str, Any] = {}
    if "solutions" in names:
        changes["solutions"] = min(solutions, recipe.solutions)
    if "prompt" in names:
        changes["prompt"] = recipe.prompt  # the dataset's own stays, though the dataset is wrapped
    return recipe.model_copy(
        update={
            "name": f"{recipe.name}-pilot",
            "description": f"Pilot of {recipe.name}.",
            "dataset": PilotProblems(of=recipe.dataset, problems=problems),
            "sampler": sampler.model_copy(update=changes),
            "verifiers": verifiers,
        }
    )


def _fewer(verifier: Any) -> Any:
    names = type(verifier).model_fields
    changes: dict[str, Any] = {}
    if "solutions" in names:
        changes["solutions"] = min(_VERIFIED, verifier.solutions or _VERIFIED)
    if "verifications" in names:
        changes["verifications"] = min(_VERIFICATIONS, verifier.verifications)
    return verifier.model_copy(update=changes)
