"""Problems from the generators behind the embedded models: seeded, with exact answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.registry import register
from ttc.words import nearest


def _complete(schema: dict[str, Any]) -> None:
    """Let editors complete the names of families."""
    from ttc.nano.families import FAMILIES

    for form in schema["anyOf"]:
        (form if form["type"] == "string" else form["items"])["enum"] = list(FAMILIES)


def _listed(family: str | tuple[str, ...]) -> tuple[str, ...]:
    return (family,) if isinstance(family, str) else family


@register
class NanoDataset(DatasetPart):
    """Multi-step problems of chosen difficulty, apart from what the nano models were trained on."""

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["final_answer"], "equivalence": "string"}
    )
    default_prompt: ClassVar[str] = "nano-solver"

    type: Literal["nano"] = "nano"
    family: str | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default="arithmetic", json_schema_extra=_complete
    )
    """Kind of problem, or a list of kinds that take turns."""
    levels: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(2, 3, 4), min_length=1)
    """Difficulties, as steps to the answer; the problems are spread evenly over them."""
    problems: int = Field(default=48, ge=1, le=1_000_000)
    """Problems in all."""
    seed: int = Field(default=0, ge=-(2**63), lt=2**63)
    """Another seed gives other problems."""
    split: Literal["heldout", "train"] = "heldout"
    """heldout: problems that no nano model was trained on; train: from where they were taught."""

    @field_validator("family")
    @classmethod
    def _known(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        from ttc.nano.families import FAMILIES

        for name in _listed(value):
            if name not in FAMILIES:
                raise ValueError(f"no family is called {name[:60]!r}{nearest(name, FAMILIES)}")
        return value

    @field_validator("family", "levels")
    @classmethod
    def _distinct(cls, values: Any) -> Any:
        if not isinstance(values, str) and len(set(values)) < len(values):
            raise ValueError("an entry stands twice")
        return values

    @field_validator("levels")
    @classmethod
    def _offered(cls, levels: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        from ttc.nano.families import FAMILIES

        for name in _listed(info.data.get("family", ())):
            offered = FAMILIES[name].levels
            strange = [level for level in levels if level not in offered]
            if strange:
                raise ValueError(
                    f"family {name!r} has levels {offered[0]} to {offered[-1]}, not {strange[0]}"
                )
        return levels

    def load(self) -> Sequence[Problem]:
        """Levels and families take turns, so that any first part of the problems is even, too."""
        from ttc.nano.tasks import generate

        places = [(family, level) for family in _listed(self.family) for level in self.levels]
        out = []
        for i in range(self.problems):
            turn, which = divmod(i, len(places))
            made = generate(*places[which], self.seed, turn, self.split)
            metadata = {"level": made.level, "family": made.family}
            out.append(Problem(made.id, made.question, made.answer, metadata=metadata))
        return out
