"""Which columns of a file hold what, where the recipe does not say: by their usual names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ttc.datasets.reading import names as usual
from ttc.datasets.reading.columns import Columns
from ttc.datasets.reading.options import AnswerForm, letter_of
from ttc.datasets.reading.rows import Row
from ttc.errors import DataError

HEAD = 100
"""Rows looked at."""


def settle(columns: Columns, head: Sequence[Row]) -> Columns:
    """The same, with the names of what the file has. What the recipe says is never changed."""
    present = list(dict.fromkeys(str(name) for row in head for name in row.values))
    if not present:
        return columns
    found: dict[str, Any] = {}
    for key, default, names in (
        ("question", "question", usual.QUESTION),
        ("answer", "answer", usual.ANSWER),
    ):
        named = getattr(columns, key)
        taken = [columns.answer, columns.question, *columns.metadata, *found.values()]
        if named == default and named not in present:
            found[key] = usual.find(names, present, taken) or named
    columns = columns.model_copy(update=found)
    taken = [columns.question, columns.answer, *columns.metadata]
    if columns.id is None:
        columns = columns.model_copy(update={"id": usual.find(usual.ID, present, taken)})
    free = [name for name in present if name not in taken]
    if columns.choices is None:
        return _with_choices(columns, free, head)
    if isinstance(columns.choices, str):
        columns = _with_labels(columns, free, head)
        return columns if _readable(columns, head) else _formed(columns, head)
    return columns


def _with_labels(columns: Columns, free: Sequence[str], head: Sequence[Row]) -> Columns:
    labels = usual.find(usual.LABELS, free, (str(columns.choices),))
    if columns.choice_labels is not None or labels is None or not _lists(head, labels):
        return columns
    return columns.model_copy(update={"choice_labels": labels})


def _with_choices(columns: Columns, free: Sequence[str], head: Sequence[Row]) -> Columns:
    listed = usual.find(usual.CHOICES, free)
    if listed is not None and any(row.values.get(listed) not in (None, "", []) for row in head):
        columns = columns.model_copy(update={"choices": listed})
        return _formed(_with_labels(columns, free, head), head)
    for stem, names in usual.series(free):
        tried = _formed(columns.model_copy(update={"choices": names}), head)
        # Columns called a, b and c, or answer_1, may be anything, unless the answer is one of them.
        if stem not in ("", "answer", "ans") or _readable(tried, head):
            return tried
    return columns


def _formed(columns: Columns, head: Sequence[Row]) -> Columns:
    """How the answers of the first rows name their options: numbers count from 0 or from 1."""
    if columns.answer_form != "letter":
        return columns
    forms: tuple[AnswerForm, ...] = ("any", "index", "number")
    tried = {form: columns.model_copy(update={"answer_form": form}) for form in forms}
    fits = [form for form in forms if _readable(tried[form], head)]
    if "any" in fits or not fits:
        return tried["any"]
    if len(fits) == 1:
        return tried[fits[0]]
    return tried["number" if usual.bare(columns.answer) in usual.KEYS else "any"]


def _readable(columns: Columns, head: Sequence[Row]) -> bool:
    """Whether all rows have options, and their answers are among them."""
    for row in head:
        try:
            options = columns.options(row)
            if options is None:
                return False
            letter_of(row.values.get(columns.answer), options, columns.answer_form, "")
        except DataError:
            return False
    return bool(head)


def _lists(head: Sequence[Row], name: str) -> bool:
    return all(isinstance(row.values.get(name), list | str) for row in head)


def note(place: str, columns: Columns, head: Sequence[Row]) -> str:
    """A line on which columns are read as what, and which are not; empty where nothing is odd."""
    present = list(dict.fromkeys(str(name) for row in head for name in row.values))
    choices = columns.choices or ""
    roles = {
        "question": columns.question,
        "answer": columns.answer,
        "id": columns.id or "",
        "choices": choices if isinstance(choices, str) else ", ".join(choices),
    }
    taken = [f"{role} from {name!r}" for role, name in roles.items() if name and name != role]
    return usual.unused(place, present, columns.needed, ", ".join(taken))
