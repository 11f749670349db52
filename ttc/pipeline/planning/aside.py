"""What the engine will keep of a run's budget for the fingerprints of served models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ttc.budget.cost import UNITS, Unit
from ttc.budget.ledger import Ledger
from ttc.engine.purse import worst_case
from ttc.pipeline.planning.facts import RoleFacts

if TYPE_CHECKING:
    from ttc.recipe import Recipe


def set_aside(recipe: Recipe, facts: Mapping[str, RoleFacts]) -> dict[Unit, float]:
    """Amounts by unit, 0 in those that the run has no limit in; as the engine will do it."""
    ledger = Ledger(recipe.budget, ())
    seen: list[list[str]] = []
    for fact in facts.values():
        served, scope = fact.served, fact.identity.scope
        if served is not None and served.logprobs and scope not in seen:
            seen.append(scope)
            ledger.set_aside(worst_case(served, recipe.cost.rates(fact.identity), fact.servers))
    return {unit: ledger.kept(unit) for unit in UNITS}


def kept_notes(kept: Mapping[Unit, float]) -> Iterator[str]:
    """One line where anything is kept."""
    amounts = [f"{amount:.6g} {unit}" for unit, amount in kept.items() if amount]
    if amounts:
        yield f"set aside from the run's budget for fingerprints: {', '.join(amounts)} at most"
