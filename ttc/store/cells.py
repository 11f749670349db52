"""CSV for spreadsheets and programs: lists as JSON, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ttc.store.atomic import writing_text

LONGEST_CELL = 32_767
"""Characters of a cell, beyond which Excel cuts."""
# What a spreadsheet takes for a formula or a command. Numbers are no danger, and stay numbers.
_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?\d{1,400}(?:[.,]\d{1,400})*(?:[eE][+-]?\d{1,4})?\s?%?")


def write_cells(
    path: Path, heads: Sequence[str], rows: Iterable[Iterable[Any]], *, verbatim: bool = False
) -> int:
    """Write rows as UTF-8 CSV, atomically; returns how many cells are longer than Excel takes.

    Nothing (null, NaN) is an empty cell, lists are JSON, truth is `true` or `false`. A text that a
    spreadsheet would take for a formula gets an apostrophe in front, unless `verbatim`.
    Raises `DataError` where the file can't be written.
    """
    long = 0
    with writing_text(path) as file:
        writer = csv.writer(file)  # as RFC 4180 has it
        writer.writerow(heads)
        for row in rows:
            cells = [cell(value, verbatim=verbatim) for value in row]
            long += sum(len(one) > LONGEST_CELL for one in cells)
            writer.writerow(cells)
    return long


def cell(value: Any, *, verbatim: bool = False) -> str:
    """A value as a cell's text."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        risky = value.startswith(_RUN) and not _NUMBER.fullmatch(value)
        return f"'{value}" if risky and not verbatim else value
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)
