"""What a source is, told by its content rather than its name; and what a reader is given of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ttc.datasets.reading.files import COMPRESSED, open_bytes
from ttc.datasets.reading.rows import Format as Form
from ttc.datasets.reading.rows import Row, read_rows
from ttc.errors import DataError
from ttc.importing.files import is_archive
from ttc.importing.trail import Trail

Kind = Literal["rows", "zip", "tar", "folder", "unknown"]
_HEAD = 2**16
_ENDINGS: dict[str, Form] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
_IN_FOLDERS = ("samples_*.jsonl", "*.jsonl", "*.ndjson", "**/samples_*.jsonl")
_DEEP_IN_FOLDERS = ("**/details_*.parquet", "*.parquet", "*.eval", "*.json", "*.csv", "*.tsv")


@dataclass(frozen=True)
class Wanted:
    """What to take of data that offers several things; None: the first.

    metric: the metric or scorer whose values are the labels. filter: of lm-evaluation-harness, the
    filter whose answers count. right_from: the grade (0 to 1) from which a label says right.
    """

    metric: str | None = None
    filter: str | None = None
    right_from: float = 1.0


@dataclass(frozen=True)
class Source:
    """What a reader is given. files: the files of rows; of a folder in order of their names."""

    path: Path
    files: tuple[Path, ...] = ()
    verifications: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    trail: Trail = field(default_factory=Trail)

    def rows(self) -> Iterator[Row]:
        """The rows of all files, whatever kind of file they are."""
        for file in self.files:
            yield from rows_of(file)


class Glimpse:
    """A look at a source: its kind, its files of rows and the first row of the first of them."""

    def __init__(self, path: Path, mapping: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.mapping = mapping or {}
        self.head = b"" if path.is_dir() else _head(path)
        self.kind: Kind = "folder" if path.is_dir() else _kind(path, self.head)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Files of rows: the file itself, or those of a folder that are of one kind."""
        if self.kind != "folder":
            return (self.path,)
        for pattern in (*_IN_FOLDERS, *_DEEP_IN_FOLDERS):
            found = [f for f in self.path.glob(pattern) if f.is_file() and f.name[0] != "."]
            if found:
                return tuple(sorted(found))
        return ()

    @cached_property
    def first(self) -> Glimpse | None:
        """The look at the first file; a file's is its own."""
        if self.kind != "folder":
            return self
        return Glimpse(self.files[0], self.mapping) if self.files else None

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the members of a zip archive, or of the files right in a folder."""
        if self.kind == "folder":
            return frozenset(file.name for file in self.path.iterdir() if file.is_file())
        if self.kind == "zip":
            from ttc.importing.zipped import opened

            with opened(self.path) as archive:
                return frozenset(archive.names)
        return frozenset()

    @cached_property
    def row(self) -> Mapping[str, Any]:
        """The first row of the first file; empty where there is none."""
        first = self.first
        if first is None or first.kind != "rows":
            return {}
        row = next(rows_of(first.path), None)
        return row.values if row else {}


def rows_of(path: Path) -> Iterator[Row]:
    """Rows of a file with all their columns, whatever its name says. Raises `DataError`."""
    return read_rows(path, None, form_of(path, _head(path)))


def form_of(path: Path, head: bytes) -> Form | None:
    """What kind of rows a file holds, by how it begins; by its name where that says nothing."""
    name = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    named = _ENDINGS.get(name.suffix.lower())
    if head.startswith(b"PAR1"):
        return "parquet"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if named in ("csv", "tsv") or not start or start[:1] not in b"[{":
        return named
    if start[:1] == b"[":
        return named if named == "jsonl" and not _is_array(start) else "json"
    line, ended, _ = start.partition(b"\n")
    if not ended:
        return named or "jsonl"
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return "json" if named != "jsonl" and line.strip() in (b"{", b"") else named or "jsonl"
    return "jsonl"


def _is_array(start: bytes) -> bool:
    """Whether a list begins that holds objects, which no line of JSON Lines does."""
    return start[1:].lstrip()[:1] == b"{"


def _kind(path: Path, head: bytes) -> Kind:
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if is_archive(path) or head[257:262] == b"ustar":
        return "tar"
    return "rows" if form_of(path, head) else "unknown"


def _head(path: Path) -> bytes:
    """How a file begins, unpacked where it is compressed."""
    try:
        if not path.is_file():
            raise DataError(f"{path}: no such file or folder")
        if is_archive(path):
            return b""
        with open_bytes(path) as file:
            return file.read(_HEAD)
    except OSError as error:
        raise DataError(f"{path}: can't be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise DataError(f"{str(path)!a}: no such file or folder") from None
