"""JSON lines: one problem a line, with its solutions and perhaps their verifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ttc.errors import DataError
from ttc.importing import objects, values
from ttc.importing.formats import Format
from ttc.importing.names import JSON_NAMES, Names, Record
from ttc.importing.records import RawProblem, RawSolution, RawVerification
from ttc.importing.sources import Glimpse, Source, rows_of


def fits(glimpse: Glimpse) -> bool:
    """Whether the first line holds a list under the name of solutions, and no list beside it."""
    if any(name != key and isinstance(glimpse.row.get(key), list) for name, key in _inner(glimpse)):
        return False
    key = glimpse.mapping.get("solutions", glimpse.mapping.get("problem.solutions", "solutions"))
    return isinstance(glimpse.row.get(key), list)


def _inner(glimpse: Glimpse) -> list[tuple[str, str]]:
    """What the user says names of solutions and verifications are called."""
    return [
        (name, key)
        for name, key in glimpse.mapping.items()
        if name.startswith(("solution.", "verification."))
    ]


def read_jsonl(source: Source) -> Iterator[RawProblem]:
    """Problems of a file, or of all `*.jsonl` of a folder in order of their names, streamed.

    A line without a problem id gets `<file>-<number>`. Keys we have no name for become metadata.
    Raises `DataError` with file and line.
    """
    if source.verifications is not None:
        raise DataError("JSON lines hold their verifications themselves; give no other file")
    names = Names(JSON_NAMES, source.mapping, source.trail)
    order = 0
    for file in source.files:
        for row in rows_of(file):
            fallback = f"{file.stem}-{row.number}"
            yield _problem(Record(row.values, names, "problem", row.place), names, fallback, order)
            order += 1
    names.refuse_unseen(str(source.path))


def _problem(record: Record, names: Names, fallback: str, order: int) -> RawProblem:
    record.refuse_misspelt()
    found = record.require("solutions")
    if not isinstance(found, list):
        values.refuse(found, record.where("solutions"), "a list")
    metadata = objects.mapping(record.get("metadata"), record.where("metadata"))
    kept = record.rest()
    for key in kept:
        names.trail.took("problem.metadata", key)
    return RawProblem(
        id=values.text(record.get("id"), record.where("id")) or fallback,
        question=values.text(record.get("question"), record.where("question")),
        answer=values.text(record.get("answer"), record.where("answer")) or None,
        choices=objects.choices(record.get("choices"), record.where("choices")),
        metadata={**metadata, **kept},
        solutions=tuple(
            _solution(one, names, f"{record.where('solutions')}[{i}]")
            for i, one in enumerate(found)
        ),
        place=record.place,
        order=order,
    )


def _solution(value: Any, names: Names, place: str) -> RawSolution:
    if isinstance(value, str) or value is None:
        return RawSolution(text=value or "")
    record = _record(value, names, "solution", place)
    found = record.get("verifications") or []
    if not isinstance(found, list):
        values.refuse(found, record.where("verifications"), "a list")
    return objects.solution(
        record,
        tuple(
            _verification(one, names, f"{record.where('verifications')}[{i}]")
            for i, one in enumerate(found)
        ),
    )


def _verification(value: Any, names: Names, place: str) -> RawVerification:
    if isinstance(value, str) or value is None:
        return RawVerification(text=value or "")
    return objects.verification(_record(value, names, "verification", place))


def _record(
    value: Any, names: Names, noun: Literal["solution", "verification"], place: str
) -> Record:
    """What an object in a list says. Raises `DataError` for what is none, and for misspelt keys."""
    if not isinstance(value, dict):
        values.refuse(value, place, "a text or an object")
    record = Record(value, names, noun, place, f"{noun}s[].")
    record.refuse_misspelt()
    record.leave_rest()
    return record


FORMAT = Format(
    name="jsonl",
    about="a problem a line or in a JSON list, with its solutions",
    fits=fits,
    read=read_jsonl,
    rank=40,
    labels="compare",
    takes=frozenset({"verifications"}),
)
