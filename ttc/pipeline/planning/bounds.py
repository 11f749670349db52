"""The most that a prompt and a sample of a role may cost, whatever the run finds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.attempt.programs import FREE
from ttc.attempt.programs import ROLE as PROGRAM
from ttc.budget.cost import Rates
from ttc.budget.flops import Lengths
from ttc.pipeline.costs import shared_and_own
from ttc.pipeline.planning.facts import RoleFacts
from ttc.pipeline.planning.roles import PlannedRole

if TYPE_CHECKING:
    from ttc.recipe import Recipe

PLANNED = ("prompt_tokens", "completion_tokens", "tokens", "flops", "usd", "calls")
"""What plans tell amounts of."""


def rates_of(recipe: Recipe, role: PlannedRole, fact: RoleFacts) -> Rates:
    return FREE if role.role == PROGRAM else recipe.cost.rates(fact.identity)


def most_of(
    recipe: Recipe, role: PlannedRole, fact: RoleFacts, solution: int | None
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], str]:
    """By unit, the most that a prompt and a sample of a model may cost, for each problem or once
    for all; and why it may be more.
    """
    bounds, unsure = _longest_prompts(role, fact, solution)
    longest = math.nan if role.longest is None else role.longest
    rates = rates_of(recipe, role, fact)
    by_bound = {
        n: amounts(recipe, rates.worst, Lengths.of_samples(n, [longest], 1)) for n in set(bounds)
    }
    most = [by_bound[n] for n in bounds]
    shared = {u: np.asarray([one[u] for one, _ in most]) for u in PLANNED}
    return shared, {u: np.asarray([own[u] for _, own in most]) for u in PLANNED}, unsure


def largest(amounts: Sequence[FloatArray]) -> FloatArray:
    """Of models any of which may be asked; NaN where one is unknown."""
    found: FloatArray = np.max(np.broadcast_arrays(*amounts), axis=0)
    return found


def _longest_prompts(
    role: PlannedRole, fact: RoleFacts, solution: int | None
) -> tuple[list[float], str]:
    """The most tokens of a prompt, for each problem or once for all; why they may be more.

    Whoever reads what was sampled may need more tokens for its text than it was sampled with:
    pieces that a tokenizer would not have cut so. How many more, only a model's context bounds.
    """
    bounds = [*fact.bounds] or [math.nan]
    sampled = role.judges or (role.growing is not None and role.growing.tokens > 0)
    if role.role == PROGRAM or ((role.template or role.growing) and not sampled):
        return bounds, fact.unsure
    if fact.context is not None:
        return [fact.context], ""
    longer = math.nan if role.judges and solution is None else float(solution or 0)
    unsure = fact.unsure or (
        f"{fact.identity.model} may read more tokens in a text than it was sampled with"
    )
    return [bound + (longer if role.judges else 0.0) for bound in bounds], unsure


def amounts(
    recipe: Recipe, rates: Rates, lengths: Lengths
) -> tuple[dict[str, float], dict[str, float]]:
    shared, own = shared_and_own(rates, lengths, recipe.cost)
    return {u: shared.get(u, 0.0) for u in PLANNED}, own
