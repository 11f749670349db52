"""Which layout foreign data has, and the reader for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Literal, get_args

from ttc.errors import DataError
from ttc.importing import tables
from ttc.importing.files import file_names, is_archive
from ttc.importing.jsonl import read_jsonl
from ttc.importing.names import JSON_NAMES, TABLE_NAMES, Names
from ttc.importing.records import Raw
from ttc.importing.reference import is_reference, read_reference
from ttc.importing.tables import read_tables

Layout = Literal["auto", "jsonl", "table", "reference"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
_JSON_LINES = (".jsonl", ".ndjson")


def default_name(source: Path) -> str:
    """A name for a folder of runs after a file or folder: its own, less endings."""
    stem = source.resolve().name
    stem = stem.partition(".")[0] if not source.is_dir() else stem
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in stem)
    return plain.lstrip(".-") or "imported"


def detect(source: Path) -> Layout:
    """The layout of a file or folder, by its names. Raises `DataError` where none fits."""
    if source.is_dir():
        if any(is_reference(name) for name in file_names(source)):
            return "reference"
        if any(source.glob("*.jsonl")):
            return "jsonl"
        if _table_in(source, "solutions"):
            return "table"
        raise DataError(
            f"{source}: found no samples: neither *.jsonl, nor a table solutions.parquet or "
            "solutions.csv, nor <i>.yaml files of samples"
        )
    if not source.is_file():
        raise DataError(f"{source}: no such file or folder")
    if is_archive(source):
        return "reference"
    if source.suffix.lower() in _JSON_LINES:
        return "jsonl"
    if source.suffix.lower() in tables.ENDINGS:
        return "table"
    raise DataError(
        f"{source}: can't tell its layout from its name; known are .jsonl, .parquet, .csv, .tsv, "
        "folders, and .tar.gz archives of YAML files"
    )


def read(
    source: Path, layout: Layout, verifications: Path | None, mapping: Mapping[str, str]
) -> Iterator[Raw]:
    """The records of a source of a known layout; verifications may lie apart from it."""
    if layout == "table":
        if source.is_dir():
            apart = _table_in(source, "verifications")
            verifications = verifications or apart
            source = _table_in(source, "solutions") or source / "solutions.parquet"
        return read_tables(source, verifications, Names(TABLE_NAMES, mapping))
    if layout == "jsonl":
        if verifications is not None:
            raise DataError("JSON lines hold their verifications themselves; give no other file")
        return read_jsonl(source, Names(JSON_NAMES, mapping))
    if mapping:
        raise DataError("the reference layout has fixed names; a mapping means nothing there")
    apart_too = () if verifications is None else read_reference(verifications)
    return chain(read_reference(source), apart_too)


def _table_in(folder: Path, stem: str) -> Path | None:
    paths = (folder / f"{stem}{ending}" for ending in tables.ENDINGS)
    return next((path for path in paths if path.is_file()), None)
