"""Rows under way with the caches of both networks, and attention along the lines of a tree.

A node of the tree must come out bit for bit as the same token would without speculation. So it
attends in the same way: over keys at their own places, to the padded length that its own place
fixes. The cache has room for a round behind the rows' past; each line of the tree is written there
in turn, and the nodes that end on it attend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.nano.model import BUCKET, MASKED, Forward, Ints, softmax_
from ttc.nano.products import BLOCK, Floats
from ttc.nano.sampling import Row
from ttc.nano.speculation.tree import Route

Bools = NDArray[np.bool_]


class Side:
    """One network's keys and values: of the rows' past (layers, rows, places, dim), and of the
    nodes of the round under way (layers, rows, columns, dim).
    """

    def __init__(self, net: Forward, places: int, columns: int) -> None:
        c = net.config
        self._columns = columns
        self.keys = np.zeros((c.layers, 0, places, c.head_dim), dtype=np.float32)
        self.values = np.zeros_like(self.keys)
        self.new_keys = np.zeros((c.layers, 0, columns, c.head_dim), dtype=np.float32)
        self.new_values = np.zeros_like(self.new_keys)

    def fit(self, rows: int) -> None:
        """Make room for so many rows."""
        if rows > self.keys.shape[1]:
            size = max(rows, 2 * self.keys.shape[1], BLOCK)
            self.keys, self.values = _grown(self.keys, size), _grown(self.values, size)
            self.new_keys = _grown(self.new_keys, size)
            self.new_values = _grown(self.new_values, size)

    def move(self, holes: Ints, movers: Ints) -> None:
        """Put rows in the places of others."""
        self.keys[:, holes] = self.keys[:, movers]
        self.values[:, holes] = self.values[:, movers]

    def commit(self, rows: Ints, places: Ints, columns: Ints) -> None:
        """Keep nodes of the round for good. (n,) each."""
        self.keys[:, rows, places] = self.new_keys[:, rows, columns]
        self.values[:, rows, places] = self.new_values[:, rows, columns]


def _grown(old: Floats, rows: int) -> Floats:
    new = np.zeros((old.shape[0], rows, *old.shape[2:]), dtype=np.float32)
    new[:, : old.shape[1]] = old
    return new


class TreePool:
    """Rows whose past fits into `length` places. sides: of the draft and of the target."""

    def __init__(self, nets: Sequence[Forward], length: int, columns: int) -> None:
        self.length = length
        self.rows: list[Row] = []
        self.sides = [Side(net, length + BUCKET, columns) for net in nets]

    def add(self, rows: Sequence[Row], pasts: Sequence[tuple[Floats, Floats]]) -> None:
        """Append rows; pasts: by side, keys and values (layers, rows or 1, time, dim)."""
        start, stop = len(self.rows), len(self.rows) + len(rows)
        for side, (keys, values) in zip(self.sides, pasts, strict=True):
            side.fit(stop)
            side.keys[:, start:stop, : keys.shape[2]] = keys
            side.values[:, start:stop, : keys.shape[2]] = values
        self.rows.extend(rows)

    def keep(self, alive: Bools) -> None:
        """Drop all other rows; the last ones move into their places."""
        count = int(alive.sum())
        holes = np.flatnonzero(~alive[:count])
        movers = count + np.flatnonzero(alive[count:])
        if holes.size:
            for side in self.sides:
                side.move(holes, movers)
        for hole, mover in zip(holes.tolist(), movers.tolist(), strict=True):
            self.rows[hole] = self.rows[mover]
        del self.rows[count:]

    def outgrown(self) -> tuple[list[Row], list[tuple[Floats, Floats]], Bools]:
        """Rows that have become too long, with their pasts, and which ones these are."""
        grown = np.array([row.length > self.length for row in self.rows], dtype=np.bool_)
        leaving = np.flatnonzero(grown)
        pasts = [(side.keys[:, leaving], side.values[:, leaving]) for side in self.sides]
        return [self.rows[i] for i in leaving], pasts, grown

    def look(
        self,
        places: Ints,
        nodes: Sequence[int],
        routes: Sequence[Route],
        wanted: Bools,
        there: Bools,
    ) -> Look:
        """Prepare a pass of one network. places, there: (rows, columns) of all nodes, and whether
        they have a token; wanted: (rows, nodes) whether a node is computed.
        """
        columns = np.array(nodes, dtype=np.int64)
        at = places[:, columns]
        late = np.where(np.arange(self.length) > at[..., None], MASKED, np.float32(0))
        lines = [self._line(route, columns, places, wanted, there) for route in routes]
        row, slot = np.nonzero(wanted)
        return Look(self.length, row, slot, columns[slot], late[:, :, None, :], lines)

    def _line(self, route: Route, columns: Ints, places: Ints, wanted: Bools, there: Bools) -> Line:
        on, own = route
        row, which = np.nonzero(there[:, on])
        column = np.array(on, dtype=np.int64)[which]
        beyond = wanted[:, own] & (places[:, columns[own]] >= self.length)
        far_row, far = np.nonzero(beyond)
        at = places[far_row, columns[own][far]]
        far_late = np.where(np.arange(self.length + BUCKET) > at[:, None], MASKED, np.float32(0))[
            :, None, :
        ]
        return Line(row, column, places[row, column], own, far_row, far, far_late)


@dataclass(frozen=True)
class Line:
    """row, column, place: nodes that are written into the cache; own: slots that then attend;
    far_row, far: of these, by row and place in `own`, who lies in the next bucket; far_late: masks.
    """

    row: Ints
    column: Ints
    place: Ints
    own: list[int]
    far_row: Ints
    far: Ints
    far_late: Floats


@dataclass(frozen=True)
class Look:
    """A pass over some nodes of a pool's rows. row, slot, column: (cells,) of what is computed."""

    length: int
    row: Ints
    slot: Ints
    column: Ints
    late: Floats
    lines: list[Line]

    def attend(self, side: Side, layer: int, q: Floats, k: Floats, v: Floats) -> Floats:
        """Note the nodes' keys and values and attend: (cells, heads, dim) of cells."""
        rows, slots = self.late.shape[:2]
        queries = np.zeros((rows, slots, *q.shape[1:]), dtype=np.float32)
        queries[self.row, self.slot] = q
        side.new_keys[layer, self.row, self.column] = k
        side.new_values[layer, self.row, self.column] = v
        keys, values = side.keys[layer, :rows], side.values[layer, :rows]
        mixed = np.empty_like(queries)
        for line in self.lines:
            keys[line.row, line.place] = side.new_keys[layer, line.row, line.column]
            values[line.row, line.place] = side.new_values[layer, line.row, line.column]
            near = slice(0, self.length)
            mixed[:, line.own] = _mixed(
                queries[:, line.own],
                keys[:, None, near],
                values[:, None, near],
                self.late[:, line.own],
            )
            if line.far.size:
                own = np.array(line.own)[line.far]
                mixed[line.far_row, own] = _mixed(
                    queries[line.far_row, own],
                    keys[line.far_row],
                    values[line.far_row],
                    line.far_late,
                )
        return np.asarray(mixed[self.row, self.slot])


def _mixed(q: Floats, keys: Floats, values: Floats, late: Floats) -> Floats:
    """As `ttc.nano.cache.Pool.attend`, for any number of outer axes."""
    scores = np.matmul(q, keys.swapaxes(-1, -2))
    scores += late
    sums = softmax_(scores)
    mixed = np.matmul(scores, values)
    mixed /= sums[..., None]
    return np.asarray(mixed)
