"""Rows under way and their keys and values, grouped by the padded length of their past.

Each pool holds the rows of one padded length side by side, so that attention reads them in place;
a row moves to the next pool when its past outgrows its own (once in `BUCKET` tokens).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ttc.nano.model import BUCKET, MASKED, Forward, Ints, padded, softmax_
from ttc.nano.products import BLOCK, Floats
from ttc.nano.tokenizer import PAD

if TYPE_CHECKING:
    from ttc.nano.sampling import Row

MAX_ROWS = 512


class Pool:
    """Rows whose past fits into `length` positions; keys, values: (layers, rows, length, dim)."""

    def __init__(self, net: Forward, length: int) -> None:
        c = net.config
        self.length = length
        self.rows: list[Row] = []
        self.keys = np.zeros((c.layers, 0, length, c.head_dim), dtype=np.float32)
        self.values = np.zeros_like(self.keys)

    def add(self, rows: Sequence[Row], keys: Floats, values: Floats) -> None:
        """Append rows; keys, values: (layers, rows or 1, time, dim) of their past."""
        start, stop = len(self.rows), len(self.rows) + len(rows)
        if stop > self.keys.shape[1]:
            self.keys, self.values = self._grown(self.keys, stop), self._grown(self.values, stop)
        n = keys.shape[2]
        self.keys[:, start:stop, :n] = keys
        self.values[:, start:stop, :n] = values
        self.rows.extend(rows)

    @staticmethod
    def _grown(old: Floats, rows: int) -> Floats:
        size = max(rows, min(MAX_ROWS, 2 * old.shape[1]), BLOCK)
        new = np.zeros((old.shape[0], size, *old.shape[2:]), dtype=np.float32)
        new[:, : old.shape[1]] = old
        return new

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Drop all other rows; the last ones move into their places."""
        count = int(alive.sum())
        holes = np.flatnonzero(~alive[:count])
        movers = count + np.flatnonzero(alive[count:])
        if holes.size:
            self.keys[:, holes] = self.keys[:, movers]
            self.values[:, holes] = self.values[:, movers]
        for hole, mover in zip(holes.tolist(), movers.tolist(), strict=True):
            self.rows[hole] = self.rows[mover]
        del self.rows[count:]

    def attend(self, layer: int, q: Floats, k: Floats, v: Floats, at: Ints, late: Floats) -> Floats:
        """Store the new keys and values and attend: (rows, heads, dim)."""
        n = len(self.rows)
        keys, values = self.keys[layer, :n], self.values[layer, :n]
        here = np.arange(n)
        keys[here, at] = k
        values[here, at] = v
        scores = np.matmul(q, keys.transpose(0, 2, 1))
        scores += late
        sums = softmax_(scores)
        mixed = np.matmul(scores, values)
        mixed /= sums[..., None]
        return np.asarray(mixed)


class _Rows(Protocol):
    rows: list[Row]

    def keep(self, alive: NDArray[np.bool_]) -> None: ...


P = TypeVar("P", bound=_Rows)


class Pools(ABC, Generic[P]):
    """All rows under way of one worker, in pools by the padded length of their past.

    most: how many rows there may be; make: an empty pool of a length.
    """

    def __init__(self, most: int, make: Callable[[int], P]) -> None:
        self._most, self._make = most, make
        self._pools: dict[int, P] = {}

    @property
    def rows(self) -> list[Row]:
        """In the order in which they are computed and kept."""
        return [row for pool in self.pools() for row in pool.rows]

    @property
    def free(self) -> int:
        """How many more rows fit."""
        return self._most - sum(len(pool.rows) for pool in self._pools.values())

    def pools(self) -> list[P]:
        """Those that have rows, in their order."""
        return [pool for _, pool in sorted(self._pools.items()) if pool.rows]

    def pool(self, past: int) -> P:
        """The one for a past of so many tokens."""
        length = padded(past, BUCKET)
        if length not in self._pools:
            self._pools[length] = self._make(length)
        return self._pools[length]

    def keep(self, alive: NDArray[np.bool_]) -> None:
        """Drop finished rows, and move those that have outgrown their pool."""
        start = 0
        pools = self.pools()
        for pool in pools:
            stop = start + len(pool.rows)
            if not alive[start:stop].all():
                pool.keep(alive[start:stop])
            start = stop
        for pool in reversed(pools):  # the longest first, so that no row moves twice
            self.promote(pool)

    @abstractmethod
    def promote(self, pool: P) -> None:
        """Move rows that have outgrown a pool to the next one."""


class Batch(Pools[Pool]):
    """All rows under way of one worker, a token of each at a time."""

    def __init__(self, net: Forward) -> None:
        super().__init__(MAX_ROWS, partial(Pool, net))
        self.net = net

    def enter(self, entering: Sequence[tuple[list[int], list[Row]]]) -> None:
        """Read prompts and let their rows in."""
        caches = self.net.prefill([prompt for prompt, _ in entering])
        for (_, rows), (keys, values) in zip(entering, caches, strict=True):
            self.add(rows, keys, values)

    def add(self, rows: Sequence[Row], keys: Floats, values: Floats) -> None:
        """Let rows of one prompt in; keys, values: (layers, prompt length, dim) of that prompt.

        The prompt's last position is computed again with the row's first step, so that first tokens
        go the same way as all others.
        """
        n = keys.shape[1]
        self.pool(n).add(rows, keys[:, None, : n - 1], values[:, None, : n - 1])

    def promote(self, pool: Pool) -> None:
        """Move rows that have outgrown a pool to the next one."""
        grown = np.array([row.length > pool.length for row in pool.rows], dtype=np.bool_)
        if not grown.any():
            return
        leaving = np.flatnonzero(grown)
        target = self.pool(pool.length + 1)
        target.add([pool.rows[i] for i in leaving], pool.keys[:, leaving], pool.values[:, leaving])
        pool.keep(~grown)

    def logits(self) -> Floats:
        """Logits of each row's next token: (rows, vocab)."""
        pools, rows = self.pools(), self.rows
        size = padded(len(rows), BLOCK)
        position = np.zeros(size, dtype=np.int64)
        recent = np.full((3, size), PAD, dtype=np.int64)
        position[: len(rows)] = [row.length - 1 for row in rows]
        recent[:, : len(rows)] = np.array([last_tokens(row, 3) for row in rows]).T
        net = self.net
        x = net.inputs(recent[0], recent[1], recent[2])
        cos, sin = net.cos[position][:, None], net.sin[position][:, None]
        bounds = np.cumsum([0, *(len(pool.rows) for pool in pools)]).tolist()
        parts = [slice(a, b) for a, b in pairwise(bounds)]
        late = [
            np.where(np.arange(p.length) > position[part, None], MASKED, np.float32(0))[:, None, :]
            for p, part in zip(pools, parts, strict=True)
        ]
        mixed = np.zeros((size, net.config.heads, net.config.head_dim), dtype=np.float32)
        for layer in range(net.config.layers):
            q, k, v = net.project(x, layer, cos, sin)
            for pool, part, bias in zip(pools, parts, late, strict=True):
                mixed[part] = pool.attend(layer, q[part], k[part], v[part], position[part], bias)
            net.finish(x, mixed.reshape(size, -1), layer)
        return np.asarray(net.logits(x)[: len(rows)])


def last_tokens(row: Row, count: int) -> list[int]:
    """The newest token, the one before it, and so on."""
    ids = row.ids
    tail = ids[-count:] if len(ids) >= count else [*row.prompt[-count:], *ids][-count:]
    return ([PAD] * (count - len(tail)) + tail)[::-1]
