"""What a constraint is: a check by program of what an instruction asks of a response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _spelled(relation: Any) -> Any:
    """`at least` as `at_least`: the public instruction set writes it so."""
    return relation.strip().replace(" ", "_") if isinstance(relation, str) else relation


_Relation = Literal["at_least", "less_than", "at_most", "exactly"]
_Spelled = Literal["at least", "less than", "at most"]
Relation = Annotated[
    _Relation, BeforeValidator(_spelled, json_schema_input_type=_Relation | _Spelled)
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Phrase = Annotated[str, Field(min_length=1, max_length=10_000)]
Words = Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=1000)]


def stands(relation: Relation, found: int, number: int) -> bool:
    """Whether `found` is in this relation to `number`."""
    match relation:
        case "at_least":
            return found >= number
        case "less_than":
            return found < number
        case "at_most":
            return found <= number
        case "exactly":
            return found == number


class Constraint(BaseModel):
    """Base of all constraints: a config with a check."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Alone(Constraint):
    """One that is asked of a single response, perhaps in view of its prompt."""

    def holds(self, response: str, prompt: str) -> bool:
        """Whether a response that is not blank satisfies it."""
        raise NotImplementedError


class Together(Constraint):
    """One that is asked of several responses to one prompt."""

    def hold(self, responses: Sequence[str], classes: Sequence[int]) -> list[bool]:
        """Which of the responses satisfy it. classes: their answers' classes, -1 for no answer."""
        raise NotImplementedError
