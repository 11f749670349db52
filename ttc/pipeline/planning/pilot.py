"""A small part of a recipe, run for real: what the lengths and successes of the whole may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

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

    @property
    def default_prompt(self) -> str:  # type: ignore[override]
        """The dataset's own, though it is wrapped."""
        return self.of.default_prompt

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
    return recipe.model_copy(
        update={
            "name": f"{recipe.name}-pilot",
            "description": f"Pilot of {recipe.name}.",
            "dataset": PilotProblems(of=recipe.dataset, problems=problems),
            "sampler": recipe.sampler.fewer(solutions),
            "verifiers": tuple(v.fewer(_VERIFIED, _VERIFICATIONS) for v in recipe.verifiers),
        }
    )
