"""What a forecast says of models whose tokens a smaller one drafts."""

from __future__ import annotations

from collections.abc import Mapping

from ttc.budget.cost import CostConfig
from ttc.budget.speculation import acceptance_of
from ttc.pipeline.planning.facts import RoleFacts
from ttc.pipeline.planning.lengths import RoleUse


def drafting_notes(
    cost: CostConfig, facts: Mapping[str, RoleFacts], uses: Mapping[str, RoleUse]
) -> list[str]:
    """By role: what the cost model expects of a server's drafts, and what nobody has measured."""
    notes = []
    for role, fact in facts.items():
        model, rates = fact.identity.model, cost.rates(fact.identity)
        known = cost.models.get(model)
        if known is not None and known.speculation is not None:
            notes.append(_expected(cost, fact, model))
        elif rates.drafting is not None and uses[role].drafts is None:
            notes.append(
                f"{role}: what drafts of {rates.drafting.name} take beside {model} depends on how "
                "many are taken: it is in the most, not in what is expected; a pilot measures it"
            )
    return notes


def _expected(cost: CostConfig, fact: RoleFacts, model: str) -> str:
    told = cost.models[model].speculation
    assert told is not None
    length, counter = told.accepted_length, cost.rates(fact.identity).flops
    said = (
        f"{model}: drafts of {told.tokens} tokens, each taken with probability "
        f"{acceptance_of(length, told.tokens):.2f}, bring {length:.2f} tokens a pass"
    )
    if counter is not None:
        said += f" at {told.flops_ratio(counter):.2f} times the FLOPs of a token"
    if told.speed_up is not None:
        said += f", {told.speed_up:.2f} times faster"
    return said
