"""Numeric columns of the solutions and verifications tables, with problems as row numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ttc.errors import DataError
from ttc.store.columns import TABLES, TableName
from ttc.store.tables import read_blocks

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.integer[Any]]
_BLOCK = 2**20  # rows for which an intermediate array is made
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
SAMPLED = ("completion_tokens", "drafted", "accepted")
"""Those of them that say what was sampled."""
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
        if rows.all():
            return self
        return Samples(self.row[rows], {name: own[rows] for name, own in self.columns.items()})


def read_samples(
    path: Path,
    table: TableName,
    place: Mapping[str, int],
    columns: tuple[str, ...],
    verifier: str | None = None,
) -> Samples:
    """Read numeric columns; `place` numbers the problems, `verifier` keeps only its rows.

    The table is read in blocks, and whole numbers take four bytes where they fit. Of a column that
    may be null, a truth that is null reads as true, and a whole number as -1.
    Raises `DataError` for an unknown problem, an empty cell outside nullable columns, a number that
    should be whole and isn't, and a negative index.
    """
    import pyarrow.compute as pc

    by = ["verifier"] if verifier is not None else []
    rows: list[Ints] = []
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*columns, *USE_COLUMNS)}
    for content in read_blocks(path, table, ["problem_id", *by, *parts]):
        if verifier is not None:
            content = content.filter(pc.equal(content.column("verifier").cast("string"), verifier))
        for name, values in read_numbers(path, table, content, tuple(parts)).items():
            parts[name].append(small(values))
        refuse_empty(path, content, "problem_id")
        rows.append(small(problem_rows(path, content, place)))
    # A column's parts go when it is made, so that not all is there twice.
    return Samples(joined(rows), {name: joined(parts.pop(name)) for name in tuple(parts)})


def small(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in four bytes each, where they fit."""
    limits = np.iinfo(np.int32)
    if values.dtype != np.int64 or not values.size:
        return values
    fits = limits.min <= values.min() and values.max() <= limits.max
    return values.astype(np.int32) if fits else values


def joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Blocks of rows as one array; narrower rows get NaN at their ends."""
    if parts[0].ndim < 2:
        return np.concatenate(parts)
    width = max(part.shape[1] for part in parts)
    return np.concatenate(
        [
            np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=np.nan)
            for part in parts
        ]
    )


def blocks(n: int) -> Iterator[slice]:
    """Slices of `n` rows, for intermediate arrays that need not hold all of them."""
    return (slice(start, min(n, start + _BLOCK)) for start in range(0, n, _BLOCK))


def numbers(samples: pa.Table, name: str) -> NDArray[Any]:
    """A column as it is; see `used_by_unit`."""
    values: NDArray[Any] = samples.column(name).to_numpy()
    return values


def sampled_tokens(column: Callable[[str], NDArray[Any]]) -> NDArray[np.float64]:
    """Tokens that each row of `samples` took to sample: drafts that were discarded, too."""
    sampled, drafted, accepted = (column(name).astype(np.float64) for name in SAMPLED)
    return sampled + np.nan_to_num(drafted) - np.nan_to_num(accepted)


def used_by_unit(column: Callable[[str], NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """What each row of `samples` counts, by unit, NaN where unknown. column: gives one by name."""
    prompt, cached, flops, usd, seconds = (
        column(name).astype(np.float64) for name in AMOUNTS if name not in SAMPLED
    )
    completion = sampled_tokens(column)
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
    if _in_order(group, keys):  # as tables mostly are
        return _places(group)
    order = np.lexsort((*reversed(keys), group))
    rank = np.empty(len(group), dtype=np.int32)
    rank[order] = _places(group[order])
    return rank


def _in_order(group: Ints, keys: Sequence[NDArray[Any]]) -> bool:
    """Whether the entries are sorted by group, and within each by `keys`."""
    below = group[1:] < group[:-1]
    equal = group[1:] == group[:-1]
    for own in keys:
        below |= equal & (own[1:] < own[:-1])
        equal &= own[1:] == own[:-1]
    return not below.any()


def _places(ordered: Ints) -> NDArray[np.int32]:
    """Place of each entry among those of its group, which stand together."""
    n = len(ordered)
    starts = np.flatnonzero(np.r_[n > 0, ordered[1:] != ordered[:-1]]).astype(np.int32)
    sizes = np.diff(np.r_[starts, np.int32(n)])
    return np.arange(n, dtype=np.int32) - np.repeat(starts, sizes)


def find_owner(parts: Ints, whole: Ints) -> tuple[Ints, int]:
    """Where each key of `parts` stands in `whole`, and the first that is not there (or -1)."""
    order = np.argsort(whole, kind="stable")
    owner = np.empty(len(parts), dtype=np.int32)
    for part in blocks(len(parts)):
        at = np.searchsorted(whole, parts[part], sorter=order)
        owner[part] = order[np.minimum(at, len(order) - 1)]
        lost = whole[owner[part]] != parts[part]
        if lost.any():
            return owner, part.start + int(np.argmax(lost))
    return owner, -1


def first_repeated(keys: Ints) -> int:
    """An entry whose key is there twice, or -1."""
    if (keys[1:] > keys[:-1]).all():
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
