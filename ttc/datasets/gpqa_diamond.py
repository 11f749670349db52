"""GPQA-Diamond (arXiv 2311.12022): graduate-level science, four options."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets.reading.columns import text_of
from ttc.datasets.reading.preset import Origin, PresetDataset
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError
from ttc.registry import register

_RIGHT = "Correct Answer"
_WRONG = tuple(f"Incorrect Answer {i}" for i in (1, 2, 3))


@register
class GpqaDiamond(PresetDataset):
    """GPQA-Diamond: 198 science questions, four options (Idavidrein/gpqa; gated, needs a login)."""

    default_answers: ClassVar[AnswerRule] = AnswerRule.model_validate(
        {"extract": ["choice"], "equivalence": "choice"}
    )
    default_prompt: ClassVar[str] = "choice"
    columns: ClassVar[tuple[str, ...]] = (
        *("Record ID", "Question", "High-level domain", "Subdomain"),
        *(_RIGHT, *_WRONG),
    )

    type: Literal["gpqa_diamond"] = "gpqa_diamond"
    options_seed: int = 0
    """The source lists the right option first; the order follows from this seed and the texts."""

    @property
    def origin(self) -> Origin:
        return Origin("Idavidrein/gpqa", "train", "gpqa_diamond")

    def problem(self, row: Row) -> Problem:
        question = text_of(row, "Question").strip()
        right, *wrong = (text_of(row, column).strip() for column in (_RIGHT, *_WRONG))
        if right in wrong:
            raise DataError(f"{row.place}: the right option stands among the wrong ones")
        options = sorted((right, *wrong), key=lambda option: self._key(question, option))
        return Problem(
            id=f"gpqa-{text_of(row, 'Record ID')}",
            question=question,
            answer="ABCD"[options.index(right)],
            choices=tuple(options),
            metadata={
                "domain": row.values["High-level domain"],
                "subdomain": row.values["Subdomain"],
            },
        )

    def _key(self, question: str, option: str) -> bytes:
        """Content decides, so that rows that move or are added leave other rows as they are."""
        text = "\n".join((str(self.options_seed), question, option))
        return hashlib.sha256(text.encode(errors="surrogatepass")).digest()
