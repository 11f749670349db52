"""Some of a recipe's sections alone, for commands that work without a recipe."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ttc.answers import AnswerRule
from ttc.budget.cost import CostConfig
from ttc.faults import Fault, KeyPath, report
from ttc.recipe import overrides as changes
from ttc.recipe.bounds import strange_values
from ttc.recipe.shape import stray_flags
from ttc.recipe.translate import show, translate
from ttc.secret_values import remember_secrets
from ttc.yamltext import Source


class CostSection(BaseModel):
    """How costs are counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cost: CostConfig = Field(default_factory=CostConfig)


class ImportSections(CostSection):
    """How answers are read and compared, and how costs are counted."""

    answers: AnswerRule = Field(default_factory=AnswerRule)


Sections = TypeVar("Sections", bound=BaseModel)


def read_sections(
    kind: type[Sections],
    overrides: Sequence[str],
    start: Mapping[str, Any] | None = None,
    source: Source | None = None,
) -> Sections:
    """Sections from overrides (`cost.parameters=8e9`) of plain data, or of a file's.

    Raises `RecipeError` with all that is wrong, one line each.
    """
    data = copy.deepcopy(dict((source.data if source else start) or {}))
    set_by: dict[KeyPath, str] = {}
    for override in overrides:
        set_by[changes.apply(data, override)] = override

    def where(fault: Fault) -> str:
        for at, text in reversed(set_by.items()):
            inside, above = fault.path[: len(at)] == at, fault.path == at[: len(fault.path)]
            if inside or (above and fault.path):
                return f"--set {changes.short(text)}"
        return f"{source.file}:{fault.line or source.line(fault.path)}" if source else "--set"

    faults = [*source.faults] if source else []
    faults += strange_values(data)
    faults += [Fault(p, f"must be a number, not {show(v)}") for p, v in stray_flags(kind, data)]
    try:
        made = kind.model_validate(data)
    except ValidationError as error:
        remember_secrets(data)
        faults = [*translate(error, kind, data), *faults]
    if faults:
        raise report(faults, where)
    return made
