"""MATH-500: the 500 test problems of MATH (arXiv 2103.03874) that Lightman et al. held out."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets.reading.columns import text_of
from ttc.datasets.reading.preset import Origin, PresetDataset
from ttc.datasets.reading.rows import Row
from ttc.registry import register


@register
class Math500(PresetDataset):
    """MATH-500: competition mathematics with LaTeX answers (HuggingFaceH4/MATH-500, test)."""

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer"], "equivalence": "math"}
    )
    columns: ClassVar[tuple[str, ...]] = ("problem", "answer", "subject", "level", "unique_id")

    type: Literal["math500"] = "math500"

    @property
    def origin(self) -> Origin:
        return Origin("HuggingFaceH4/MATH-500")

    def problem(self, row: Row) -> Problem:
        return Problem(
            id=text_of(row, "unique_id"),
            question=text_of(row, "problem"),
            answer=text_of(row, "answer"),
            metadata={key: row.values[key] for key in ("subject", "level")},
        )
