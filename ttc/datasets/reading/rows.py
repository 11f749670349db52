"""Rows of a jsonl, json, csv, tsv or parquet file, streamed, each with its place for messages."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ttc.datasets.reading.files import COMPRESSED, MOST_ROW, lines_of, open_text
from ttc.errors import DataError
from ttc.words import nearest

Format = Literal["jsonl", "json", "csv", "tsv", "parquet"]
_ENDINGS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
MOST_JSON = 512 * 2**20
"""Characters of a .json file, which is read as a whole; .jsonl is read as a stream."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` counts data rows from 0, `place` is for people: `file.csv:12`."""

    number: int
    place: str
    values: Mapping[str, Any]


def read_rows(
    path: Path,
    columns: Sequence[str] | None,
    form: Format | None = None,
    required: Sequence[str] | None = None,
) -> Iterator[Row]:
    """Stream a file's rows. `columns` are those needed, None: all; parquet reads no others.

    required: those that must be there, where some need not. A file whose name ends in .gz, .bz2
    or .xz is read as what the name says before that.
    Raises `DataError` with file and line.
    """
    form = form or _form(path)
    wanted = required if required is not None else columns or ()
    try:
        if path.is_dir():
            raise DataError(f"{path}: a folder, not a file")
        yield from _READERS[form](path, columns, wanted)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise DataError(f"{str(path)!a}: can't be read: {error}") from None


def _form(path: Path) -> Format:
    name = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    form = _ENDINGS.get(name.suffix.lower())
    if form is None:
        known = ", ".join(sorted(_ENDINGS))
        raise DataError(f"{path}: the ending does not tell what kind of file it is; known: {known}")
    return form


def plain_stem(path: Path) -> str:
    """A file's name without its endings: `mine` of `mine.jsonl.gz`."""
    return Path(path.stem).stem if path.suffix.lower() in COMPRESSED else path.stem


def require_columns(place: str, wanted: Sequence[str], present: Sequence[str]) -> None:
    """Raise `DataError` that lists the columns there are where a wanted one is missing."""
    for name in wanted:
        if name not in present:
            near = nearest(name, map(str, present))
            tail = near if near.startswith("; did") else ""
            there = ", ".join(map(str, present)) or "none"
            raise DataError(f"{place}: no column {name!r}{tail} (columns: {there})")


def _jsonl(path: Path, columns: Sequence[str] | None, required: Sequence[str]) -> Iterator[Row]:
    with open_text(path) as file:
        count = 0
        for number, line in enumerate(lines_of(file, path), start=1):
            place = f"{path}:{number}"
            if not line.strip():
                continue
            values = _parsed(line, place)
            if not isinstance(values, dict):
                raise DataError(f"{place}: a line must be a JSON object, {{...}}")
            require_columns(place, required, list(values))
            yield Row(count, place, values)
            count += 1


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: not JSON: {error.msg} (column {error.colno})") from None
    except (RecursionError, ValueError):
        raise DataError(f"{place}: JSON that is too deep or has too long a number") from None


def _json(path: Path, columns: Sequence[str] | None, required: Sequence[str]) -> Iterator[Row]:
    """A list of objects, alone or as the one list in an object; or lines, as many call .json."""
    with open_text(path) as file:
        try:
            text = file.read(MOST_JSON + 1)
        except UnicodeDecodeError:
            raise DataError(f"{path}: not UTF-8 text") from None
    if len(text) > MOST_JSON:
        raise DataError(f"{path}: more than {MOST_JSON:,} characters; write it as .jsonl")
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            yield from _jsonl(path, columns, required)
            return
        where = f"{path}:{error.lineno}"
        raise DataError(f"{where}: not JSON: {error.msg} (column {error.colno})") from None
    except (RecursionError, ValueError):
        raise DataError(f"{path}: JSON that is too deep or has too long a number") from None
    for count, values in enumerate(_listed(content, path)):
        place = f"{path} item {count + 1}"
        if not isinstance(values, dict):
            raise DataError(f"{place}: must be a JSON object, {{...}}")
        require_columns(place, required, list(values))
        yield Row(count, place, values)


def _listed(content: Any, path: Path) -> list[Any]:
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        lists = [v for v in content.values() if isinstance(v, list) and v and _objects(v)]
        if len(lists) == 1:
            return list(lists[0])
        return [content]  # one line of JSON Lines
    raise DataError(f"{path}: must be a JSON list of objects, [{{...}}, ...]")


def _objects(values: list[Any]) -> bool:
    """Problems, not the options of one: of those, each has a label and a text."""
    return all(isinstance(v, dict) and len(v) > 1 for v in values) and not all(
        {"label", "text"} >= {str(k).lower() for k in v} for v in values
    )


def _csv(
    path: Path, columns: Sequence[str] | None, required: Sequence[str], delimiter: str = ","
) -> Iterator[Row]:
    # A question may be longer than the csv module's 128 KiB.
    csv.field_size_limit(MOST_ROW)
    with open_text(path, newline="") as file:
        reader = csv.reader(lines_of(file, path), delimiter=delimiter, strict=True)
        header: list[str] | None = None
        count, start = 0, 1
        try:
            for cells in reader:
                place, start = f"{path}:{start}", reader.line_num + 1
                if not cells:
                    continue
                if header is None:
                    header = _header(cells, place, required)
                    continue
                if len(cells) != len(header):
                    text = f"{len(cells)} cells, but the header has {len(header)}"
                    raise DataError(f"{place}: {text}; quote cells that hold a {delimiter!r}")
                yield Row(count, place, dict(zip(header, cells, strict=True)))
                count += 1
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: not valid csv: {error}") from None


def _header(cells: list[str], place: str, columns: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    twice = [name for i, name in enumerate(header) if name and name in header[:i]]
    if twice:
        raise DataError(f"{place}: two columns are called {twice[0]!r}")
    require_columns(place, columns, header)
    return header


def _tsv(path: Path, columns: Sequence[str] | None, required: Sequence[str]) -> Iterator[Row]:
    return _csv(path, columns, required, delimiter="\t")


_BATCH = 64


def _parquet(path: Path, columns: Sequence[str] | None, required: Sequence[str]) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            require_columns(str(path), required, there)
            taken = there if columns is None else [c for c in dict.fromkeys(columns) if c in there]
            count = 0
            for batch in file.iter_batches(batch_size=_BATCH, columns=taken):
                if batch.nbytes > _BATCH * MOST_ROW:
                    where = f"{path} rows {count + 1} to {count + len(batch)}"
                    raise DataError(f"{where}: more than {MOST_ROW:,} bytes a row")
                for values in batch.to_pylist():
                    yield Row(count, f"{path} row {count + 1}", values)
                    count += 1
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path}: not valid parquet: {reason}") from None


_READERS: dict[Format, Callable[[Path, Sequence[str] | None, Sequence[str]], Iterator[Row]]] = {
    "jsonl": _jsonl,
    "json": _json,
    "csv": _csv,
    "tsv": _tsv,
    "parquet": _parquet,
}
