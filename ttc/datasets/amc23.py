"""AMC 12 of 2023 with numeric answers instead of options."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets.reading.columns import text_of
from ttc.datasets.reading.preset import Origin, PresetDataset
from ttc.datasets.reading.rows import Row
from ttc.registry import register


@register
class Amc23(PresetDataset):
    """AMC 12 of 2023: 40 problems, answered by number (math-ai/amc23, test)."""

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer"], "equivalence": "math"}
    )
    columns: ClassVar[tuple[str, ...]] = ("id", "question", "answer")

    type: Literal["amc23"] = "amc23"

    @property
    def origin(self) -> Origin:
        return Origin("math-ai/amc23")

    def problem(self, row: Row) -> Problem:
        return Problem(
            id=f"amc23-{text_of(row, 'id')}",
            question=text_of(row, "question"),
            answer=text_of(row, "answer").strip().removesuffix(".0"),
        )
