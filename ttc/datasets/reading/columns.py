"""Columns -> problems: names mapped, values checked, errors with place and column."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from ttc.core import Problem
from ttc.datasets.reading.names import CHOICES, bare, label_of
from ttc.datasets.reading.options import AnswerForm, Options, checked, letter_of, read_options
from ttc.datasets.reading.rows import Row
from ttc.datasets.reading.values import metadata_of, plain, text_after, text_of
from ttc.errors import DataError

__all__ = ["AnswerForm", "Columns", "text_after", "text_of"]


class Columns(BaseModel):
    """Which column holds what. A file's usual names are found where nothing is said."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    question: str = "question"
    """The problem's text. Files without such a column: `problem`, `prompt`, `input` ..."""
    answer: str = "answer"
    """The gold answer. Files without such a column: `answerKey`, `gold`, `target`, `label` ..."""
    answer_after: str | None = Field(default=None, min_length=1)
    """The gold answer is what follows the last such mark in its column, e.g. "####"."""
    id: str | Literal[False] | None = None
    """A name of its own for every problem. A file's `id`, `uid`, `question_id` ... where nothing
    is said; numbers where there is none, or with `false`."""
    choices: str | tuple[str, ...] | Literal[False] | None = None
    """Options of multiple choice: one column with all of them, or one column for each. A file's
    `choices`, `options`, `A` to `D`, `option_a` ... where nothing is said; none with `false`."""
    choice_labels: str | None = None
    """Where options and what the source calls them (A, B, C or 1, 2, 3) stand in two columns."""
    answer_form: AnswerForm = "letter"
    """With choices, what the answer is: a letter or label, an index from 0, a number from 1, an
    option's text, or any of them, which is how choices that a file turns out to have are read."""
    metadata: tuple[str, ...] = Field(default=())
    """Further columns to keep with each problem, e.g. its level."""

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a key that older recipes lack, so that runs of theirs keep their ids."""
        made: dict[str, Any] = handler(self)
        if self.choice_labels is None:
            made.pop("choice_labels", None)
        return made

    @property
    def needed(self) -> list[str]:
        """Every column that is read."""
        labels = (self.choice_labels,) if self.choices and self.choice_labels else ()
        return list(dict.fromkeys((*self.required, *self._option_columns, *labels)))

    @property
    def required(self) -> list[str]:
        """Every column that must exist: a table may lack what only some problems have."""
        ids = (self.id,) if self.id else ()
        choices = self._option_columns[:2]
        return list(dict.fromkeys((self.question, self.answer, *ids, *choices, *self.metadata)))

    @property
    def _option_columns(self) -> tuple[str, ...]:
        return (self.choices,) if isinstance(self.choices, str) else self.choices or ()

    def problem(self, row: Row, prefix: str) -> Problem:
        """The problem in a row. Raises `DataError` with place and column."""
        options = self.options(row)
        where = f"{row.place}: column {self.answer!r}"
        answer: Any = row.values.get(self.answer)
        if self.answer_after is not None:
            answer = text_after(plain(answer, where), self.answer_after, where)
        return Problem(
            id=text_of(row, self.id) if self.id else f"{prefix}-{row.number}",
            question=text_of(row, self.question),
            answer=letter_of(answer, options, self.answer_form, where)
            if options
            else plain(answer, where),
            choices=options.texts if options else (),
            metadata={name: metadata_of(row, name) for name in self.metadata},
        )

    def options(self, row: Row) -> Options | None:
        """The options of a row, None where it is no multiple choice. Raises `DataError`."""
        if not self.choices:
            if self.choices is None:
                _refuse_late_choices(row)
            return None
        where = f"{row.place}: column {self.choices!r}"
        if isinstance(self.choices, str):
            labels = row.values.get(self.choice_labels) if self.choice_labels else None
            return read_options(row.values.get(self.choices), where, labels)
        names = self.choices
        while len(names) > 2 and _empty(row.values.get(names[-1])):
            names = names[:-1]
        texts = tuple(text_of(row, name) for name in names)
        return checked(Options(texts, _names_as_labels(names)), f"{row.place}: choices")


def _empty(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _names_as_labels(names: tuple[str, ...]) -> tuple[str, ...]:
    """`option_1` and `option_2` are called 1 and 2; names without a system call nothing."""
    labels = tuple(label_of(name) for name in names)
    stems = {bare(name).removesuffix(label) for name, label in zip(names, labels, strict=True)}
    return labels if len(stems) == 1 and len(set(labels)) == len(labels) else ()


def _refuse_late_choices(row: Row) -> None:
    """Raise `DataError` for options in a file whose first rows have none.

    A problem must not be asked without its options because others have none.
    """
    for name, value in row.values.items():
        if bare(name) in CHOICES and isinstance(value, list | dict) and value:
            raise DataError(
                f"{row.place}: column {name!r}: choices, which the first rows lack; keep choice "
                "questions in a file of their own, or set columns.choices: false to ask without"
            )
