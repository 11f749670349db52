"""Tables over all cells of a sweep: `cells.parquet`, a row a cell, and `curves.parquet`, long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError
from ttc.pipeline.facts import at_most, curve_rows, headline, spent
from ttc.store.atomic import atomic_path, writing
from ttc.store.run_folder import RunFolder
from ttc.store.sweeps import CellState, SweepState, results_of
from ttc.store.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

_SPENT = ("samples", "tokens", "flops", "usd")
_BEST = ("policy", "verifier", "S", "V", "success", "ci_low", "ci_high", "n_problems")
_WHOLE = 2**63


def key_column(key: str) -> str:
    """The column of a swept key, as `ttc runs --csv` calls it."""
    return f"recipe.{key}"


def write_tables(
    state: SweepState, folder: Path, rows: Sequence[Mapping[str, Any]]
) -> tuple[Path, Path]:
    """Write both tables, atomically; returns their paths. rows: those of `cell_rows`.

    Raises `DataError`.
    """
    cells, curves = folder / "cells.parquet", folder / "curves.parquet"
    _write_cells(rows, cells)
    _write_curves(state, folder, curves)
    return cells, curves


def cell_rows(state: SweepState, folder: Path) -> list[dict[str, Any]]:
    """A row a cell, all with the same keys, None for what it has not: how it stands, what it has of
    each swept key, what its run spent, its best policy at its most solutions and verifications, and
    so the success of each policy (`success.majority`, `success.best_of_n(genrm)`).
    """
    found = [_row(state.keys, i, one, folder) for i, one in enumerate(state.cells)]
    columns = dict.fromkeys(key for row in found for key in row)
    return [{key: row.get(key) for key in columns} for row in found]


def _row(keys: Sequence[str], number: int, cell: CellState, folder: Path) -> dict[str, Any]:
    run = RunFolder(results_of(folder) / cell.run)
    row = {
        "cell": number,
        "name": cell.name,
        "recipe": cell.recipe,
        "run": cell.run,
        "path": str(run.path),
        "status": cell.status,
        "code": cell.code,
        "words": cell.words,
        **{key_column(key): cell.keys.get(key) for key in keys},
    }
    used, curves = _of_run(run) if cell.status == "complete" else ({}, [])
    best = headline(curves) or {}
    row |= {name: used.get(name) for name in _SPENT} | {name: best.get(name) for name in _BEST}
    return row | {_policy_column(one): one["success"] for one in at_most(curves)}


def _of_run(run: RunFolder) -> tuple[dict[str, float], list[dict[str, Any]]]:
    try:
        return spent(run.manifest()), curve_rows(run)
    except DataError:  # it was whole a moment ago; a table of all cells is worth more than this one
        return {}, []


def _policy_column(row: Mapping[str, Any]) -> str:
    name = row["policy"] if row["verifier"] is None else f"{row['policy']}({row['verifier']})"
    return f"success.{name}"


def _write_cells(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {key: _array([row[key] for row in rows]) for key in rows[0]}
    with atomic_path(path) as temporary, writing(path):
        pq.write_table(pa.table(columns), temporary.absolute(), compression="zstd")


def _write_curves(state: SweepState, folder: Path, path: Path) -> None:
    """The curves of all complete cells, a group of rows for each."""
    import pyarrow.parquet as pq

    from ttc.store._arrow import schema

    kinds = {
        key_column(key): _array([cell.keys.get(key) for cell in state.cells]) for key in state.keys
    }
    with atomic_path(path) as temporary:
        writer = None
        try:
            for number, cell in enumerate(state.cells):
                run = RunFolder(results_of(folder) / cell.run)
                if cell.status != "complete" or not run.curves.is_file():
                    continue
                table = _with_cell(read_table(run.curves, "curves"), number, cell, kinds)
                with writing(path):
                    writer = writer or pq.ParquetWriter(
                        temporary.absolute(), table.schema, compression="zstd"
                    )
                    writer.write_table(table.cast(writer.schema))
            if writer is None:
                empty = _with_cell(schema("curves").empty_table(), 0, state.cells[0], kinds)
                writer = pq.ParquetWriter(temporary.absolute(), empty.schema)
        finally:
            if writer is not None:
                writer.close()


def _with_cell(
    table: pa.Table, number: int, cell: CellState, kinds: Mapping[str, pa.Array]
) -> pa.Table:
    """The run's curves behind the columns that say whose they are."""
    import pyarrow as pa

    rows = table.num_rows
    first = {
        "cell": pa.repeat(pa.scalar(number, pa.int64()), rows),
        "run": pa.repeat(pa.scalar(cell.run), rows).dictionary_encode(),
        "recipe": pa.repeat(pa.scalar(cell.recipe), rows).dictionary_encode(),
        **{name: pa.repeat(values[number], rows) for name, values in kinds.items()},
    }
    for place, (name, values) in enumerate(first.items()):
        table = table.add_column(place, name, values)
    return table.replace_schema_metadata({"ttc.table": "sweep curves"})


def _array(values: Sequence[Any]) -> pa.Array:
    """Whole numbers, numbers, truth or texts, if all are; else texts, the others as JSON."""
    import pyarrow as pa

    known = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in known):
        return pa.array(values, pa.bool_()) if known else pa.nulls(len(values), pa.string())
    plain = [value for value in known if isinstance(value, int | float)]
    if len(plain) == len(known) and not any(isinstance(value, bool) for value in known):
        whole = all(isinstance(value, int) and abs(value) < _WHOLE for value in known)
        numbers = values if whole else [None if v is None else float(v) for v in values]
        return pa.array(numbers, pa.int64() if whole else pa.float64())
    texts = [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
    clean = [None if v is None else v.encode("utf-8", "replace").decode() for v in texts]
    return pa.array(clean, pa.string())
