"""JSON lines: one problem a line, with its solutions and perhaps their verifications."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ttc.datasets.reading.rows import read_rows
from ttc.importing import objects, values
from ttc.importing.names import Names, Record
from ttc.importing.records import RawProblem, RawSolution, RawVerification


def read_jsonl(path: Path, names: Names) -> Iterator[RawProblem]:
    """Problems of a file, or of all `*.jsonl` of a folder in order of their names, streamed.

    A line without a problem id gets `<file>-<number>`. Keys we have no name for become metadata.
    Raises `DataError` with file and line.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    order = 0
    for file in files:
        for row in read_rows(file, (), "jsonl"):
            fallback = f"{file.stem}-{row.number}"
            yield _problem(Record(row.values, names, "problem", row.place), names, fallback, order)
            order += 1
    names.refuse_unseen(str(path))


def _problem(record: Record, names: Names, fallback: str, order: int) -> RawProblem:
    record.refuse_misspelt()
    found = record.require("solutions")
    if not isinstance(found, list):
        values.refuse(found, record.where("solutions"), "a list")
    metadata = objects.mapping(record.get("metadata"), record.where("metadata"))
    return RawProblem(
        id=values.text(record.get("id"), record.where("id")) or fallback,
        question=values.text(record.get("question"), record.where("question")),
        answer=values.text(record.get("answer"), record.where("answer")) or None,
        choices=objects.choices(record.get("choices"), record.where("choices")),
        metadata={**metadata, **record.rest()},
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
    if not isinstance(value, dict):
        values.refuse(value, place, "a text or an object")
    record = Record(value, names, "solution", place)
    record.refuse_misspelt()
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
    if not isinstance(value, dict):
        values.refuse(value, place, "a text or an object")
    record = Record(value, names, "verification", place)
    record.refuse_misspelt()
    return objects.verification(record)
