"""GSM8K (arXiv 2110.14168): grade-school word problems with integer answers."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets.reading.columns import text_after, text_of
from ttc.datasets.reading.preset import Origin, PresetDataset
from ttc.datasets.reading.rows import Row
from ttc.registry import register

_MARK = "####"


@register
class GSM8K(PresetDataset):
    """GSM8K: 1319 grade-school word problems (openai/gsm8k, test)."""

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["boxed", "final_answer", "last_number"], "equivalence": "numeric"}
    )
    columns: ClassVar[tuple[str, ...]] = ("question", "answer")

    type: Literal["gsm8k"] = "gsm8k"
    split: Literal["test", "train"] = "test"
    """The hub's split; without effect on a local file."""

    @property
    def origin(self) -> Origin:
        return Origin("openai/gsm8k", self.split, "main")

    def problem(self, row: Row) -> Problem:
        worked = text_of(row, "answer")
        gold = text_after(worked, _MARK, f"{row.place}: column 'answer'")
        return Problem(
            id=f"gsm8k-{row.number}",
            question=text_of(row, "question"),
            answer=gold.replace(",", ""),
            metadata={"solution": worked.rpartition(_MARK)[0].strip()},
        )
