"""Base of the datasets whose columns have any names."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field, PrivateAttr

from ttc.answers import AnswerRule
from ttc.core import Problem
from ttc.datasets import DatasetPart
from ttc.datasets.reading.choose import choose
from ttc.datasets.reading.columns import Columns
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError

_CHOICE = AnswerRule.model_validate({"extract": ["choice"], "equivalence": "choice"})


class MappedDataset(DatasetPart):
    """Columns become problems; with choices among them, prompt and answers are multiple choice."""

    columns: Columns = Columns()
    """Which column holds what."""
    limit: int | None = Field(default=None, ge=1, lt=2**63)
    """Take only so many problems."""
    shuffle: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    """Seed of a random order, the same on every machine; the source's order without it."""
    _notes: list[str] = PrivateAttr(default_factory=list)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    # Constants of the other datasets depend on the columns here.
    @property
    def default_answers(self) -> AnswerRule:  # type: ignore[override]
        return _CHOICE if self.columns.choices else AnswerRule()

    @property
    def default_prompt(self) -> str:  # type: ignore[override]
        return "choice" if self.columns.choices else "cot"

    def _problems(self, rows: Iterable[Row], prefix: str, source: str) -> list[Problem]:
        problems = choose(
            rows, lambda row: self.columns.problem(row, prefix), self.limit, self.shuffle
        )
        if not problems:
            raise DataError(f"{source}: no rows")
        return problems
