"""Tables without their long texts, these texts apart, and both together again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError
from ttc.store._arrow import schema
from ttc.store.atomic import atomic_path, writing
from ttc.store.columns import TABLES, TableName
from ttc.store.plain import TEXTS
from ttc.store.tables import open_parquet, open_table

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 4096  # in memory at a time


def write_without_texts(source: Path, target: Path, table: TableName) -> int:
    """Write a table of ours with empty texts; returns its rows."""
    kept = [c.name for c in TABLES[table] if c.name not in TEXTS[table]]
    empty: dict[str, Any] = {
        c.name: "" if c.kind == "text" else None for c in TABLES[table] if c.name in TEXTS[table]
    }
    with open_parquet(source, table, None) as file, open_table(target, table) as writer:
        there = [name for name in kept if name in file.schema_arrow.names]
        for block in file.iter_batches(batch_size=_ROWS, columns=there):
            columns = {name: block.column(name) for name in there}
            writer.write_columns(columns | empty, block.num_rows)
    return writer.rows


def write_texts(source: Path, target: Path, table: TableName) -> int:
    """Write a table's long texts, and nothing else, in its order; returns how many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names, rows = list(TEXTS[table]), 0
    kinds = pa.schema([pa.field(name, schema(table).field(name).type) for name in names])
    with (
        open_parquet(source, table, names) as file,
        atomic_path(target) as temporary,
        writing(target),
        pq.ParquetWriter(temporary.absolute(), kinds, compression="zstd") as writer,
    ):
        for block in file.iter_batches(batch_size=_ROWS, columns=names):
            writer.write_table(pa.Table.from_batches([block]).cast(kinds))
            rows += block.num_rows
    return rows


def write_together(small: Path, texts: Path, target: Path, table: TableName) -> int:
    """Write a table of the small one and its texts; returns its rows.

    Raises `DataError` where they are not of the same rows, and for files that are not what they
    should be.
    """
    names = list(TEXTS[table])
    with (
        open_parquet(small, table, None) as left,
        open_parquet(texts, table, names) as right,
        open_table(target, table) as writer,
    ):
        if left.metadata.num_rows != right.metadata.num_rows:
            raise DataError(f"{small} and {texts} are not of the same rows")
        kept = [c.name for c in TABLES[table] if c.name not in names]
        there = [name for name in kept if name in left.schema_arrow.names]
        blocks = left.iter_batches(batch_size=_ROWS, columns=there)
        said = right.iter_batches(batch_size=_ROWS, columns=names)
        for one, other in _aligned(blocks, said):
            columns = {name: one.column(name) for name in there}
            columns |= {name: other.column(name) for name in names}
            writer.write_columns(columns, one.num_rows)
    return writer.rows


def _aligned(
    left: Iterator[pa.RecordBatch], right: Iterator[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Pairs of batches of equally many rows, of two tables that are cut in other places."""
    a, b = next(left, None), next(right, None)
    while a is not None and b is not None:
        rows = min(a.num_rows, b.num_rows)
        if rows:
            yield a.slice(0, rows), b.slice(0, rows)
        a = a.slice(rows) if a.num_rows > rows else next(left, None)
        b = b.slice(rows) if b.num_rows > rows else next(right, None)
