"""Numeric columns of the solutions and verifications tables, with problems as row numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ttc.errors import DataError
from ttc.store.columns import TABLES, TableName
from ttc.store.tables import read_table

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]
AMOUNTS = (
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "flops",
    "usd",
    "seconds",
    "drafted",
    "accepted",
)
"""Columns of `samples` that say what one used."""
USE_COLUMNS = ("prompt_tokens", "completion_tokens", "seconds")


@dataclass(frozen=True)
class Samples:
    """Columns of a table, (rows,) each; `row` is the number of the problem in the run."""

    row: Ints
    columns: Mapping[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, rows: NDArray[np.bool_]) -> Samples:
        """Some of the rows."""
        return Samples(self.row[rows], {name: own[rows] for name, own in self.columns.items()})


def read_samples(
    path: Path,
    table: TableName,
    place: Mapping[str, int],
    columns: tuple[str, ...],
    verifier: str | None = None,
) -> Samples:
    """Read numeric columns; `place` numbers the problems, `verifier` keeps only its rows.

    Of a column that may be null, a truth that is null reads as true, and a whole number as -1.
    Raises `DataError` for an unknown problem, an empty cell outside nullable columns, a number that
    should be whole and isn't, and a negative index.
    """
    by = ["verifier"] if verifier is not None else []
    content = read_table(path, table, ["problem_id", *by, *columns, *USE_COLUMNS])
    if verifier is not None:
        import pyarrow.compute as pc

        content = content.filter(pc.equal(content.column("verifier").cast("string"), verifier))
    numbers = read_numbers(path, table, content, (*columns, *USE_COLUMNS))
    refuse_empty(path, content, "problem_id")
    return Samples(problem_rows(path, content, place), numbers)


def used_by_unit(column: Callable[[str], NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """What each row of `samples` counts, by unit, NaN where unknown. column: gives one by name.

    Drafts that were discarded are sampled tokens, too.
    """
    prompt, cached, sampled, flops, usd, seconds, drafted, accepted = (
        column(name).astype(np.float64) for name in AMOUNTS
    )
    completion = sampled + np.nan_to_num(drafted) - np.nan_to_num(accepted)
    return {
        "prompt_tokens": prompt - cached,
        "completion_tokens": completion,
        "tokens": prompt - cached + completion,
        "flops": flops,
        "usd": usd,
        "calls": np.ones(len(prompt)),
        "seconds": seconds,
    }


def no_samples() -> Samples:
    """No rows."""
    empty = dict.fromkeys(USE_COLUMNS, np.zeros(0))
    return Samples(np.zeros(0, dtype=np.int64), empty)


def key(group: Ints, index: NDArray[Any]) -> Ints:
    """One number for (group, index), ordered as the pair; both fit in 31 bits."""
    return np.asarray((group.astype(np.int64) << 32) | index.astype(np.int64))


def rank_within(group: Ints, *keys: NDArray[Any]) -> Ints:
    """Place of each entry within its group, from 0, ordered by `keys`, the first one foremost."""
    order = np.lexsort((*reversed(keys), group))
    ordered = group[order]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - np.searchsorted(ordered, ordered)
    return rank


def find_owner(parts: Ints, whole: Ints) -> tuple[Ints, int]:
    """Where each key of `parts` stands in `whole`, and the first that is not there (or -1)."""
    order = np.argsort(whole, kind="stable")
    at = np.searchsorted(whole, parts, sorter=order)
    owner = order[np.minimum(at, len(order) - 1)]
    lost = whole[owner] != parts
    return owner, int(np.argmax(lost)) if lost.any() else -1


def first_repeated(keys: Ints) -> int:
    """An entry whose key is there twice, or -1."""
    if np.all(keys[1:] > keys[:-1]):
        return -1
    order = np.argsort(keys, kind="stable")
    again = keys[order[1:]] == keys[order[:-1]]
    return int(order[int(np.argmax(again))]) if again.any() else -1


def read_numbers(
    path: Path, table: TableName, content: pa.Table, names: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """Numeric columns of a table that was read; raises as `read_samples`."""
    known = {column.name: column for column in TABLES[table]}
    numbers: dict[str, NDArray[Any]] = {}
    for name in names:
        if not known[name].nullable:
            refuse_empty(path, content, name)
        if known[name].kind == "floats":
            numbers[name] = _padded(content.column(name))
            continue
        if known[name].kind == "bool" and known[name].nullable:
            numbers[name] = content.column(name).cast("bool").fill_null(True).to_numpy()
            continue
        if known[name].kind == "int" and known[name].nullable:
            numbers[name] = content.column(name).fill_null(-1).to_numpy().astype(np.int64)
            continue
        value = content.column(name).to_numpy()
        if known[name].kind == "int" and value.dtype.kind == "f":
            if np.any(value != np.round(value)):
                raise DataError(f"{path} has a {name} that is no whole number")
            value = value.astype(np.int64)
        if name.endswith("_index") and value.min(initial=0) < 0:
            raise DataError(f"{path} has a negative {name}")
        numbers[name] = value
    return numbers


def _padded(lists: pa.ChunkedArray) -> NDArray[np.float64]:
    """(rows, longest) numbers of a list column, NaN beyond each list's end."""
    import pyarrow.compute as pc

    length = pc.list_value_length(lists).fill_null(0).to_numpy()
    out = np.full((len(length), int(length.max(initial=0))), np.nan)
    inside = np.arange(out.shape[1]) < length[:, None]
    out[inside] = pc.list_flatten(lists).to_numpy()
    return out


def refuse_empty(path: Path, content: pa.Table, name: str) -> None:
    """Raise `DataError` for a cell without a value."""
    if content.column(name).null_count:
        raise DataError(f"{path} has an empty {name}")


def problem_rows(path: Path, content: pa.Table, place: Mapping[str, int]) -> Ints:
    """Row number of each entry's problem. Raises `DataError` for an unknown one.

    Chunk by chunk, so that only distinct ids are looked up; row groups may have dictionaries of
    their own.
    """
    parts = [np.zeros(0, dtype=np.int64)]
    for chunk in content.column("problem_id").chunks:
        encoded = chunk if hasattr(chunk, "dictionary") else chunk.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        used = encoded.indices.to_numpy(zero_copy_only=False)
        numbers = np.array([place.get(name, -1) for name in names] or [-1], dtype=np.int64)
        parts.append(numbers[used] if len(used) else parts[0])
        if np.any(parts[-1] < 0):
            unknown = names[int(used[int(np.argmin(parts[-1]))])]
            raise DataError(f"{path} names a problem that the problems table lacks: {unknown!r}")
    return np.concatenate(parts)
