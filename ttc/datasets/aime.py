"""AIME 2024 and 2025: 30 problems each, answers are integers from 0 to 999."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.answers import AnswerRule
from ttc.answers.extraction import boxed
from ttc.core import Problem
from ttc.datasets.reading.columns import text_of
from ttc.datasets.reading.preset import Origin, PresetDataset
from ttc.datasets.reading.rows import Row
from ttc.registry import register


class _Aime(PresetDataset):
    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer"], "equivalence": "numeric"}
    )
    gold: ClassVar[str] = "answer"
    """The column with the answer, which may stand in a LaTeX box."""

    def problem(self, row: Row) -> Problem:
        gold = text_of(row, self.gold)
        name = str(type(self).model_fields["type"].default)
        return Problem(
            id=f"{name}-{text_of(row, 'id')}",
            question=text_of(row, "problem"),
            answer=(boxed(gold) or gold).strip(),
        )


@register
class Aime24(_Aime):
    """AIME 2024, I and II: 30 problems (math-ai/aime24, test)."""

    columns: ClassVar[tuple[str, ...]] = ("id", "problem", "solution")
    gold: ClassVar[str] = "solution"

    type: Literal["aime24"] = "aime24"

    @property
    def origin(self) -> Origin:
        return Origin("math-ai/aime24")


@register
class Aime25(_Aime):
    """AIME 2025, I and II: 30 problems (math-ai/aime25, test)."""

    columns: ClassVar[tuple[str, ...]] = ("id", "problem", "answer")

    type: Literal["aime25"] = "aime25"

    @property
    def origin(self) -> Origin:
        return Origin("math-ai/aime25")
