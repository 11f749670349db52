"""Tables of runs as CSV and as JSON lines, for people and programs that read no parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ttc.store.atomic import writing_text
from ttc.store.cells import write_cells
from ttc.store.columns import TableName, column_names
from ttc.store.run_folder import RunFolder
from ttc.store.tables import scan_rows
from ttc.visible import visible_json

TEXTS: dict[TableName, tuple[str, ...]] = {
    "problems": ("question", "choices"),
    "solutions": ("text", "steps"),
    "verifications": ("text",),
}
"""The columns that hold texts of people and models, which nearly all of a pool's bytes are."""


def told_columns(table: TableName, *, texts: bool = True) -> list[str]:
    """Names of a table's columns. texts: whether with long texts."""
    left_out = () if texts else TEXTS.get(table, ())
    return [name for name in column_names(table) if name not in left_out]


def has_table(run: RunFolder, table: TableName) -> bool:
    """Whether a run has such a table."""
    return run.table(table).is_file()


def write_csv(
    path: Path,
    table: TableName,
    runs: Sequence[RunFolder],
    *,
    texts: bool = True,
    verbatim: bool = False,
) -> int:
    """Write a table of runs as CSV, see `write_cells`; of several with a column `run` in front.

    Returns how many cells are longer than spreadsheets take. Raises `DataError`.
    """
    names = told_columns(table, texts=texts)
    heads = [*(("run",) if len(runs) > 1 else ()), *names]
    rows = ([row.get(head) for head in heads] for row in _rows(table, runs))
    return write_cells(path, heads, rows, verbatim=verbatim)


def write_json_lines(
    path: Path, table: TableName, runs: Sequence[RunFolder], *, texts: bool = True
) -> None:
    """Write a table of runs as JSON lines; of several with a key `run` in front.

    What is not a number is null. Raises `DataError`.
    """
    names = told_columns(table, texts=texts)
    heads = [*(("run",) if len(runs) > 1 else ()), *names]
    with writing_text(path) as file:
        for row in _rows(table, runs):
            told = {head: _finite(row.get(head)) for head in heads}
            file.write(visible_json(json.dumps(told, ensure_ascii=False)) + "\n")


def _rows(table: TableName, runs: Iterable[RunFolder]) -> Iterator[dict[str, Any]]:
    for run in runs:
        for row in scan_rows(run.table(table), table):
            yield {**row, "run": run.name}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:
        return None
    return [_finite(one) for one in value] if isinstance(value, list) else value
