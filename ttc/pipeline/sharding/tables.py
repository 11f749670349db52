"""The tables of shards as one: problem after problem, as one machine goes through them.

Problems lie in turn in one shard after the other, so all shards are read side by side, some rows of
each at a time; memory grows with the number of shards, not with what is in them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.core.shard import Shard
from ttc.errors import DataError
from ttc.store.columns import TableName
from ttc.store.copying import Copier
from ttc.store.run_folder import RunFolder
from ttc.store.tables import open_parquet, open_table

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]
CLOCK = frozenset(("seconds", "latency"))
"""Columns of measured times, in which shards alone differ from what one machine would have had."""
_ROWS = 256  # of a shard that are read at a time
_SPARE_FILES = 64  # that a process needs besides


def merge_table(
    shards: Mapping[Shard, RunFolder], table: TableName, run: RunFolder, problems: int
) -> int:
    """Write a table of all shards; returns its number of rows. problems: of the whole run.

    Raises `DataError` for a shard whose rows are not those of its problems in their order.
    """
    with ExitStack() as opened:
        _allow_files(len(shards))
        cursors = [opened.enter_context(_Cursor(one, table)) for one in shards.values()]
        ids = [problem_ids(one, shard, problems) for shard, one in shards.items()]
        written = opened.enter_context(open_table(run.table(table), table))
        copier = Copier(written)
        for place in range(problems):
            number, index = place % len(cursors), place // len(cursors)
            for rows in cursors[number].of(ids[number][index]):
                copier.add(rows)
        for cursor in cursors:
            cursor.ended()
        copier.flush()
        return written.rows


def problem_ids(folder: RunFolder, shard: Shard, problems: int) -> list[str]:
    """The problems of a shard in order. Raises `DataError` where they are not those that it should
    have.
    """
    found: list[str] = []
    with open_parquet(folder.problems, "problems", ["problem_id", "problem_index"]) as file:
        for block in file.iter_batches(columns=["problem_id", "problem_index"]):
            places = range(shard.number - 1 + len(found) * shard.of, 2**62, shard.of)
            for row, place in zip(block.to_pylist(), places, strict=False):
                if row["problem_index"] != place:
                    raise DataError(
                        f"{folder.problems}: problem {row['problem_id']!r} stands in place "
                        f"{row['problem_index']} of the run, where shard {shard} has place {place}"
                    )
                found.append(str(row["problem_id"]))
    if len(found) != len(shard.take(range(problems))):
        raise DataError(
            f"{folder.problems} has {len(found)} problems; shard {shard} of {problems} has "
            f"{len(shard.take(range(problems)))}"
        )
    return found


def rows_of(folder: RunFolder, table: TableName, rows: int = 1024) -> Generator[Row, None, None]:
    """The rows of a table, in order, so many of them in memory."""
    with open_parquet(folder.table(table), table, None) as file:
        for block in file.iter_batches(batch_size=rows):
            yield from block.to_pylist()


def without_clock(row: Row) -> Row:
    """A row without measured times, which are other ones whenever it is drawn."""
    return {name: value for name, value in row.items() if name not in CLOCK}


def same_rows(one: RunFolder, other: RunFolder, tables: Iterable[TableName]) -> str:
    """The problem at which two folders differ but for measured times; empty where nowhere."""
    for table in tables:
        mine, theirs = rows_of(one, table), rows_of(other, table)
        for row in mine:
            match = next(theirs, None)
            if match is None or repr(without_clock(row)) != repr(without_clock(match)):
                return str(row["problem_id"])
        if (more := next(theirs, None)) is not None:
            return str(more["problem_id"])
    return ""


class _Cursor:
    """Reads the rows of a shard's table, problem after problem. A context manager."""

    def __init__(self, folder: RunFolder, table: TableName) -> None:
        self._path = folder.table(table)
        self._runs = _runs(folder, table)
        self._next: tuple[str, pa.RecordBatch] | None = None

    def __enter__(self) -> _Cursor:
        self._next = next(self._runs, None)
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.close()

    def of(self, problem: str) -> Iterator[pa.RecordBatch]:
        """The rows of a problem, which comes after those that were asked for before."""
        while self._next is not None and self._next[0] == problem:
            yield self._next[1]
            self._next = next(self._runs, None)

    def ended(self) -> None:
        """Raise `DataError` unless all rows were asked for."""
        if self._next is not None:
            raise DataError(
                f"{self._path}: rows of problem {self._next[0]!r} are out of order, or the shard "
                "has no such problem"
            )


def _runs(folder: RunFolder, table: TableName) -> Generator[tuple[str, pa.RecordBatch], None, None]:
    """Rows of one problem that stand together, with its name."""
    with open_parquet(folder.table(table), table, None) as file:
        for batch in file.iter_batches(batch_size=_ROWS):
            names = batch.column("problem_id").cast("string").dictionary_encode()
            words, codes = names.dictionary.to_pylist(), names.indices.to_numpy()
            starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist()]
            for start, end in pairwise([*starts, len(codes)]):
                yield str(words[codes[start]]), batch.slice(start, end - start)


def _allow_files(shards: int) -> None:
    """Let this process open a file of each shard, as far as the system allows."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = shards + _SPARE_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
