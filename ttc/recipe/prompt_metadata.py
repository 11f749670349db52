"""Metadata that prompts show, against the problems that are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ttc.core import Problem
from ttc.errors import RecipeError, TtcError
from ttc.faults import KeyPath, dotted
from ttc.prompts import METADATA, load_prompt
from ttc.recipe.prompt_checks import prompts_named
from ttc.words import counted, nearest

if TYPE_CHECKING:
    from ttc.recipe.model import Recipe


def check_metadata(recipe: Recipe, problems: Sequence[Problem]) -> None:
    """Raise `RecipeError` where a prompt shows metadata that a problem lacks, before any call."""
    valid = {
        "dataset": recipe.dataset,
        "backend": recipe.backend,
        "sampler": recipe.sampler,
        "verifiers": recipe.verifiers,
    }
    for at, name in prompts_named(valid):
        try:
            wanted = load_prompt(name).metadata
        except TtcError:  # of which recipes are told by themselves
            continue
        for key in wanted:
            lacking = [problem for problem in problems if key not in problem.metadata]
            if lacking:
                raise RecipeError(_told(recipe, at, name, key, lacking, problems))


def _told(
    recipe: Recipe,
    at: KeyPath,
    name: str,
    key: str,
    lacking: Sequence[Problem],
    problems: Sequence[Problem],
) -> str:
    there = {known for problem in problems for known in problem.metadata}
    whose = "the problems have"
    if len(lacking) < len(problems):
        some = f"{counted(len(lacking), 'problem')} of {len(problems):,}"
        whose = f"{some}, such as {lacking[0].id!r:.80}, have"
    said = nearest(key, there)
    known = f"; there is: {', '.join(sorted(there))}" if there else "; they have none"
    near = said if "did you mean" in said else ""
    how = ""
    if hasattr(recipe.dataset, "columns"):
        how = "; a column of the file becomes metadata by dataset.columns.metadata"
    return (
        f"{dotted(at)}: the prompt {name!r} shows {{{{ {METADATA}{key} }}}}, which {whose} not"
        f"{known}{near}{how}"
    )
