"""Parquet tables of a run: an atomic, streaming writer and readers that select columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import DataError
from ttc.store._arrow import schema, to_array
from ttc.store.atomic import atomic_path, reason, writing
from ttc.store.column_types import require_kinds
from ttc.store.columns import TABLES, TableName

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

LONG_TEXTS = ("text", "question", "metadata")  # neither dictionary nor statistics pay here
# Until its group is written, a row takes a kilobyte of Python objects beside its texts.
GROUP_ROWS = 4_096
GROUP_CHARACTERS = 8 * 2**20
_BLOCK_ROWS = 2**18


class TableWriter:
    """Streams rows into one parquet file, a row group at a time. Made by `open_table`.

    A group closes at 4,096 rows or 8 Mi characters of long text, whichever comes first, so
    memory stays bounded however large the table grows.
    """

    def __init__(self, path: Path, table: TableName) -> None:
        import pyarrow.parquet as pq

        self.table: TableName = table
        self.rows = 0
        self._path = path
        self._columns = TABLES[table]
        self._names = frozenset(column.name for column in self._columns)
        self._buffer: list[Mapping[str, Any]] = []
        self._characters = 0
        short = [column.name for column in self._columns if column.name not in LONG_TEXTS]
        self._file = pq.ParquetWriter(
            path.absolute(),  # or Arrow takes `~` for a home and `x:` for a service
            schema(table),
            compression="zstd",
            compression_level=3,
            use_dictionary=short,
            write_statistics=short,
        )

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows. A nullable or list column may be left out; an unknown one is a `KeyError`."""
        for row in rows:
            self._check(row)
            self._buffer.append(row)
            self._characters += sum(len(row.get(name) or "") for name in LONG_TEXTS)
            if len(self._buffer) >= GROUP_ROWS or self._characters >= GROUP_CHARACTERS:
                self.flush()

    def write_columns(self, columns: Mapping[str, Any], rows: int) -> None:
        """Add `rows` rows given as columns: lists, numpy or Arrow arrays, or one value for all."""
        self.flush()
        self._check(columns)
        self._write(columns, rows)

    def flush(self) -> None:
        """Write what is buffered as one row group."""
        rows, self._buffer, self._characters = self._buffer, [], 0
        if rows:
            given = {name for row in rows for name in row}
            self._write({name: [row.get(name) for row in rows] for name in given}, len(rows))

    def close(self) -> None:
        """Flush and finish the file."""
        self.flush()
        with writing(self._path):
            self._file.close()

    def abandon(self) -> None:
        """Close the file without caring for its content, nor for a disk that is full."""
        with suppress(OSError):
            self._file.close()

    def _check(self, columns: Mapping[str, Any]) -> None:
        if not columns.keys() <= self._names:
            raise KeyError(f"{self.table} has no column {sorted(columns.keys() - self._names)}")

    def _write(self, columns: Mapping[str, Any], rows: int) -> None:
        import pyarrow as pa

        arrays = [to_array(column, columns.get(column.name), rows) for column in self._columns]
        table = pa.Table.from_arrays(arrays, schema=schema(self.table))
        with writing(self._path):
            self._file.write_table(table, row_group_size=GROUP_ROWS)
        self.rows += rows


@contextmanager
def open_table(path: Path, table: TableName) -> Iterator[TableWriter]:
    """A writer for `path`, which appears complete when the block ends without an exception.

    Otherwise the file that was there before stays as it was.
    """
    with atomic_path(path) as temporary:
        with writing(path):
            writer = TableWriter(temporary, table)
        try:
            yield writer
            writer.close()
        except BaseException:
            writer.abandon()
            raise


def write_table(path: Path, table: TableName, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write all rows as one table, atomically; returns how many."""
    with open_table(path, table) as writer:
        writer.write(rows)
    return writer.rows


def read_table(
    path: Path,
    table: TableName,
    columns: Sequence[str] | None = None,
    *,
    problem_id: str | None = None,
) -> pa.Table:
    """The named columns (all by default) as an Arrow table; no other column is read.

    `problem_id` keeps that problem's rows and skips row groups without it.
    Raises `DataError` for a missing or broken file and for missing columns.
    """
    import pyarrow.parquet as pq

    names = None if columns is None else list(columns)
    with open_parquet(path, table, columns) as file:
        there = None if names is None else [n for n in names if n in file.schema_arrow.names]
        if problem_id is None:
            return _with_later(file.read(columns=there), table, columns)
        wanted = [("problem_id", "=", problem_id)]
        found = pq.read_table(path.absolute(), columns=there, filters=wanted, partitioning=None)
        return _with_later(found, table, columns)


def read_blocks(
    path: Path, table: TableName, columns: Sequence[str], rows: int | None = None
) -> Iterator[pa.Table]:
    """The named columns as `read_table` gives them, so many rows at a time; an empty one of none.

    Nothing of the table but a block is in memory. Raises `DataError` as `read_table` does.
    """
    import pyarrow as pa

    rows = rows or _BLOCK_ROWS
    with open_parquet(path, table, columns) as file:
        there = [n for n in columns if n in file.schema_arrow.names]
        kept: list[Any] = []
        # Batches end where row groups do, which are small: some are taken together.
        for batch in file.iter_batches(batch_size=rows, columns=there):
            if kept and sum(one.num_rows for one in kept) + batch.num_rows > rows:
                yield _with_later(pa.Table.from_batches(kept), table, columns)
                kept = []
            kept.append(batch)
        last = pa.Table.from_batches(kept) if kept else file.read(columns=there)
        yield _with_later(last, table, columns)


def _with_later(found: pa.Table, table: TableName, columns: Sequence[str] | None) -> pa.Table:
    """The table with columns of nulls in place of those that came to be after it was written."""
    import pyarrow as pa

    for column in TABLES[table]:
        wanted = columns is None or column.name in columns
        if column.later and wanted and column.name not in found.column_names:
            kind = schema(table).field(column.name)
            found = found.append_column(kind, pa.nulls(found.num_rows, kind.type))
    return found if columns is None else found.select(list(columns))


def read_frame(
    path: Path,
    table: TableName,
    columns: Sequence[str] | None = None,
    *,
    problem_id: str | None = None,
) -> pd.DataFrame:
    """As `read_table`, as a pandas frame; labels are categories."""
    frame: pd.DataFrame = read_table(path, table, columns, problem_id=problem_id).to_pandas()
    return frame


def scan_rows(
    path: Path, table: TableName, columns: Sequence[str] | None = None, *, batch: int = 1024
) -> Iterator[dict[str, Any]]:
    """Rows as dicts, in order, with at most `batch` of them in memory.

    A column that came to be after the table was written is missing from them.
    """
    names = None if columns is None else list(columns)
    with open_parquet(path, table, columns) as file:
        for block in file.iter_batches(batch_size=batch, columns=names):
            yield from block.to_pylist()


def count_rows(path: Path, table: TableName) -> int:
    """Number of rows, from the file's footer."""
    with open_parquet(path, table, None) as file:
        return int(file.metadata.num_rows)


@contextmanager
def open_parquet(path: Path, table: TableName, columns: Sequence[str] | None) -> Iterator[Any]:
    """An open `pyarrow.parquet.ParquetFile` that is known to have `columns` (None: all ours)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise DataError(
            f"{path.parent} has no {table} table ({path.name}); "
            "if the run was not finished, run its recipe again"
        )
    try:
        with pq.ParquetFile(path.absolute()) as file:
            _require_columns(path, table, file.schema_arrow.names, columns)
            require_kinds(path, table, file.schema_arrow, columns)
            yield file
    except pa.ArrowException as error:
        raise DataError(f"{path} is no readable parquet file: {_first_line(error)}") from error
    except OSError as error:
        raise DataError(f"can't read {path}: {_first_line(reason(error))}") from error


def _require_columns(
    path: Path, table: TableName, found: Sequence[str], columns: Sequence[str] | None
) -> None:
    wanted = [c.name for c in TABLES[table]] if columns is None else columns
    later = {c.name for c in TABLES[table] if c.later}
    missing = [name for name in wanted if name not in found and name not in later]
    if missing:
        raise DataError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"it is no {table} table of this version of ttc"
        )


def _first_line(error: object) -> str:
    return str(error).strip().partition("\n")[0]
