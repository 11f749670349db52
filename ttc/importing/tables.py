"""Plain tables: one row a solution, and perhaps a second table with one row a verification."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from zlib import crc32

from ttc.datasets.reading.rows import Row, read_rows
from ttc.errors import DataError
from ttc.importing import objects, values
from ttc.importing.names import Names, Record, hint
from ttc.importing.records import Raw, RawJudgement, RawProblem, RawSolution

ENDINGS = (".parquet", ".csv", ".tsv")
_BUCKETS = 64


def read_tables(solutions: Path, verifications: Path | None, names: Names) -> Iterator[Raw]:
    """Problems of a table of solutions, then the judgements of a table of verifications.

    Rows of a problem may stand anywhere; where they don't stand together they are sorted into
    temporary files first, so that memory holds a small part of the table. Without a column of
    solution numbers, solutions are numbered as they come. Raises `DataError` with file and row.
    """
    columns = _columns(solutions, names, ("problem", "solution"), ("problem.id",))
    if not {names["solution.text"], names["solution.answer"]} & set(columns):
        raise DataError(
            f"{solutions}: needs a column of texts or of answers; has {', '.join(columns)}; "
            "name one with a mapping of solution.text or solution.answer"
        )
    order, together = _problem_order(solutions, names["problem.id"])
    rows = read_rows(solutions, columns)
    with tempfile.TemporaryDirectory() as folder:
        groups = (
            ((key, list(group)) for key, group in groupby(rows, lambda row: _id(row, names)))
            if together
            else _gathered(rows, names, Path(folder))
        )
        for key, group in groups:
            yield _problem(key, group, names, order[key])
    if verifications is not None:
        yield from _judgements(verifications, names)


def _columns(
    path: Path, names: Names, nouns: tuple[str, ...], required: tuple[str, ...]
) -> list[str]:
    """The columns to read: those of ours that are there. Mapped and required ones must be."""
    present = _present(path)
    wanted = [name for noun in nouns for name in names.of(noun)]
    for name in wanted:
        theirs = names[name]
        if theirs in present:
            names.saw(name)
        elif name in required or name in names.mapped:
            there = ", ".join(present)
            raise DataError(
                f"{path}: no column {theirs!r} for {name}{hint(theirs, present)} (columns: {there})"
            )
    return [theirs for theirs in dict.fromkeys(names[name] for name in wanted) if theirs in present]


def _present(path: Path) -> list[str]:
    if path.suffix.lower() == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return [str(name) for name in pq.read_schema(path).names]
        except FileNotFoundError:
            raise DataError(f"{path}: no such file") from None
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise DataError(f"{path}: not valid parquet: {reason}") from None
    first = next(read_rows(path, ()), None)
    if first is None:
        raise DataError(f"{path}: no rows")
    return list(first.values)


def _problem_order(path: Path, column: str) -> tuple[dict[str, int], bool]:
    """Problems by first appearance, and whether the rows of each stand together."""
    order: dict[str, int] = {}
    together, last = True, ""
    for row in read_rows(path, (column,)):
        key = values.text(row.values[column], f"{row.place}: {column}")
        if not key:
            raise DataError(f"{row.place}: the problem's id ({column}) is empty")
        together &= key == last or key not in order
        order.setdefault(key, len(order))
        last = key
    if not order:
        raise DataError(f"{path}: no rows")
    return order, together


def _id(row: Row, names: Names) -> str:
    return values.text(row.values[names["problem.id"]], row.place)


def _gathered(rows: Iterator[Row], names: Names, folder: Path) -> Iterator[tuple[str, list[Row]]]:
    """Rows by problem, through temporary files that each hold some of the problems."""
    with ExitStack() as stack:
        buckets = [
            stack.enter_context((folder / str(b)).open("w+", encoding="utf-8"))
            for b in range(_BUCKETS)
        ]
        for row in rows:
            bucket = buckets[crc32(_id(row, names).encode("utf-8", "replace")) % _BUCKETS]
            content = [row.number, row.place, dict(row.values)]
            bucket.write(json.dumps(content, default=str) + "\n")
        for bucket in buckets:
            bucket.seek(0)
            groups: dict[str, list[Row]] = {}
            for line in bucket:
                row = Row(*json.loads(line))
                groups.setdefault(_id(row, names), []).append(row)
            yield from groups.items()


def _problem(key: str, rows: list[Row], names: Names, order: int) -> RawProblem:
    records = [Record(row.values, names, "problem", row.place) for row in rows]
    return RawProblem(
        id=key,
        question=_common(records, "question"),
        answer=_common(records, "answer") or None,
        choices=objects.choices(records[0].get("choices"), records[0].where("choices")),
        solutions=tuple(_solution(row, names) for row in rows),
        place=rows[0].place,
        order=order,
    )


def _common(records: list[Record], name: str) -> str:
    """The value that all rows of a problem share; empty cells say nothing."""
    found = ""
    for record in records:
        value = values.text(record.get(name), record.where(name))
        if value and found and value != found:
            raise DataError(
                f"{record.where(name)}: {value[:40]!r}, but an earlier row of the same problem "
                f"has {found[:40]!r}"
            )
        found = found or value
    return found


def _solution(row: Row, names: Names) -> RawSolution:
    record = Record(row.values, names, "solution", row.place)
    index = values.integer(record.get("index"), record.where("index"))
    return objects.solution(record, index=index)


def _judgements(path: Path, names: Names) -> Iterator[RawJudgement]:
    required = ("verification.problem", "verification.solution")
    columns = _columns(path, names, ("verification",), required)
    said = [names[f"verification.{name}"] for name in ("text", "verdict", "p_yes", "score")]
    if not set(said) & set(columns):
        raise DataError(f"{path}: needs a column of {', '.join(said)}; has {', '.join(columns)}")
    for row in read_rows(path, columns):
        record = Record(row.values, names, "verification", row.place)
        solution = values.integer(record.get("solution"), record.where("solution"))
        if solution is None:
            raise DataError(f"{record.where('solution')}: empty")
        index = values.integer(record.get("index"), record.where("index"))
        yield RawJudgement(
            problem_id=values.text(record.get("problem"), record.where("problem")),
            solution_index=solution,
            verifications=(objects.verification(record, index=index),),
            place=row.place,
        )
