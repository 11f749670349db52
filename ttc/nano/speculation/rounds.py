"""Rounds of speculation: the draft draws a tree of tokens, the target reads it in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ttc.nano.cache import MAX_ROWS, Pools, last_tokens
from ttc.nano.model import Forward, Ints, padded
from ttc.nano.products import BLOCK, Floats
from ttc.nano.sampling import Effort, Row, Sample, take
from ttc.nano.speculation.pools import TreePool
from ttc.nano.speculation.rejection import Taken, draft, verify
from ttc.nano.speculation.tree import Route, Tree
from ttc.nano.tokenizer import EOS, PAD

Bools = NDArray[np.bool_]
DRAFT, TARGET = 0, 1


class TreeBatch(Pools[TreePool]):
    """All rows under way of one worker, a tree of each at a time."""

    def __init__(self, draft: Forward, target: Forward, tree: Tree) -> None:
        self.nets = (draft, target)
        self.tree = tree
        # As many nodes as there are rows without speculation.
        most = max(BLOCK, 2 * MAX_ROWS // tree.lag)
        super().__init__(most, lambda length: TreePool(self.nets, length, 1 + tree.lag))

    def enter(self, entering: Sequence[tuple[list[int], list[Row]]]) -> None:
        """Have both networks read prompts, and let their rows in."""
        caches = [net.prefill([prompt for prompt, _ in entering]) for net in self.nets]
        for (prompt, rows), *pasts in zip(entering, *caches, strict=True):
            for row in rows:
                row.effort = Effort()
            # The prompt's last token is node 0 of the first round.
            known = [(k[:, None, :-1], v[:, None, :-1]) for k, v in pasts]
            self.pool(len(prompt)).add(rows, known)

    def promote(self, pool: TreePool) -> None:
        """Move rows that have outgrown a pool to the next one."""
        rows, pasts, grown = pool.outgrown()
        if rows:
            self.pool(pool.length + 1).add(rows, pasts)
            pool.keep(~grown)


class Round:
    """One round of all rows. (rows, columns) each: now, before, earlier: a node's token and the two
    before it; there: whether it has a token; read: whether the draft has computed it.
    """

    def __init__(self, batch: TreeBatch) -> None:
        self.batch, self.tree = batch, batch.tree
        self.pools, self.rows = batch.pools(), batch.rows
        n, tree = len(self.rows), self.tree
        newest = np.array([last_tokens(row, 4) for row in self.rows], dtype=np.int64)
        shape = (n, 1 + tree.lag)
        self.now, self.before, self.earlier = (np.full(shape, PAD) for _ in range(3))
        for column, since in ((0, 0), (tree.lag, 1)):
            self.now[:, column] = newest[:, since]
            self.before[:, column] = newest[:, since + 1]
            self.earlier[:, column] = newest[:, since + 2]
        self.there = np.zeros(shape, dtype=np.bool_)
        self.there[:, 0] = True
        self.there[:, tree.lag] = [row.lags for row in self.rows]
        self.read = np.zeros(shape, dtype=np.bool_)
        self.place = np.array([row.length - 1 for row in self.rows], dtype=np.int64)
        self.places = self.place[:, None] + tree.offsets
        vocabulary = batch.nets[TARGET].config.vocab
        self.weights = np.zeros((n, tree.lag, vocabulary))

    def draft(self) -> None:
        """Draw the tree, level by level, no deeper than a row has room for."""
        deepest = np.array([row.room - len(row.ids) - 1 for row in self.rows])
        for depth in range(self.tree.depth):
            nodes, routes = self.tree.draft_pass(depth)
            wanted = self.there[:, nodes] & (self.now[:, nodes] != EOS)
            wanted &= (deepest > depth)[:, None]
            if not wanted.any():
                return
            self.read[:, nodes] |= wanted
            logits = self._compute(DRAFT, nodes, routes, wanted)
            row, slot = np.nonzero(wanted)
            node = np.array(nodes)[slot]
            own = node != self.tree.lag
            self._expand(row[own], node[own], logits[row[own], slot[own]], depth)

    def _expand(self, row: Ints, node: Ints, logits: Floats, depth: int) -> None:
        """Draw the children of some nodes."""
        rows, places = [self.rows[i] for i in row.tolist()], self.place[row] + depth + 1
        width = self.tree.widths[depth]
        tokens, there, self.weights[row, node] = draft(rows, logits, places, width)
        for k in range(width):
            child = self.tree.children[node, k]
            self.now[row, child] = tokens[:, k]
            self.before[row, child] = self.now[row, node]
            self.earlier[row, child] = self.before[row, node]
            self.there[row, child] = there[:, k]

    def verify(self) -> Taken:
        """Have the target read the tree, and take of it what is to be taken."""
        nodes, routes = self.tree.target_pass
        wanted = self._verified()
        logits = self._compute(TARGET, nodes, routes, wanted)
        now, there = self.now[:, :-1], self.there[:, :-1]
        return verify(self.rows, self.tree, now, there, self.weights, logits, self.place)

    def _verified(self) -> Bools:
        """(rows, nodes) what the target computes: nothing follows an end mark."""
        wanted: Bools = self.there[:, :-1] & (self.now[:, :-1] != EOS)
        wanted[:, 0] = True
        return wanted

    def _compute(self, which: int, nodes: list[int], routes: list[Route], wanted: Bools) -> Floats:
        """Logits (rows, nodes, vocab) of what is wanted; all cells go through products together."""
        net = self.batch.nets[which]
        bounds = np.cumsum([0, *(len(pool.rows) for pool in self.pools)]).tolist()
        spans = [slice(a, b) for a, b in pairwise(bounds)]
        looks = [
            pool.look(self.places[s], nodes, routes, wanted[s], self.there[s])
            for pool, s in zip(self.pools, spans, strict=True)
        ]
        row, slot = np.nonzero(wanted)
        column = np.array(nodes)[slot]
        size = padded(len(row), BLOCK)
        recent = np.full((3, size), PAD)
        for i, tokens in enumerate((self.now, self.before, self.earlier)):
            recent[i, : len(row)] = tokens[row, column]
        place = np.zeros(size, dtype=np.int64)
        place[: len(row)] = self.places[row, column]
        x = net.inputs(recent[0], recent[1], recent[2])
        cos, sin = net.cos[place][:, None], net.sin[place][:, None]
        cells = [
            slice(a, b)
            for a, b in pairwise(np.cumsum([0, *(len(look.row) for look in looks)]).tolist())
        ]
        mixed = np.zeros((size, net.config.heads, net.config.head_dim), dtype=np.float32)
        for layer in range(net.config.layers):
            q, k, v = net.project(x, layer, cos, sin)
            for pool, look, part in zip(self.pools, looks, cells, strict=True):
                side = pool.sides[which]
                mixed[part] = look.attend(side, layer, q[part], k[part], v[part])
            net.finish(x, mixed.reshape(size, -1), layer)
        logits = np.zeros((*wanted.shape, net.config.vocab), dtype=np.float32)
        logits[row, slot] = net.logits(x)[: len(row)]
        return logits

    def commit(self, taken: Taken) -> None:
        """Put what stays of the round into the caches, and count what it took."""
        start = 0
        for pool in self.pools:
            here = slice(start, start + len(pool.rows))
            start = here.stop
            nodes = np.where(taken.nodes[here, : self.tree.depth] < 0, 0, taken.nodes[here, :-1])
            local = np.arange(len(pool.rows))
            for which, known in ((DRAFT, self.read[here]), (TARGET, self._known()[here])):
                side = pool.sides[which]
                for column in (self.tree.lag, 0) if which == DRAFT else (0,):
                    some = local[known[:, column]]
                    side.commit(some, self.places[here][some, column], np.full(len(some), column))
                for level in range(self.tree.depth):
                    node = nodes[:, level]
                    some = local[(node > 0) & known[local, node]]
                    side.commit(some, self.places[here][some, node[some]], node[some])
        self._lag(taken)
        self._count()

    def _known(self) -> Bools:
        """(rows, columns) what the target has computed."""
        return np.concatenate([self._verified(), np.zeros((len(self.rows), 1), bool)], axis=1)

    def _lag(self, taken: Taken) -> None:
        """Whether the draft has not read the last draft that was taken."""
        nodes = np.maximum(taken.nodes, 0)
        last = nodes.max(axis=1)  # numbers grow with the depth
        read = self.read[np.arange(len(nodes)), last]
        for row, lags in zip(self.rows, (~read).tolist(), strict=True):
            row.lags = lags

    def _count(self) -> None:
        verified, context = self._verified(), self.places + 1
        figures = zip(
            self.rows,
            self.there[:, 1:-1].sum(axis=1).tolist(),
            verified.sum(axis=1).tolist(),
            (verified * context[:, :-1]).sum(axis=1).tolist(),
            self.read.sum(axis=1).tolist(),
            (self.read * context).sum(axis=1).tolist(),
            strict=True,
        )
        for row, proposed, target, target_context, drafted, draft_context in figures:
            effort = row.effort
            assert effort is not None
            effort.rounds += 1
            effort.proposed += proposed
            effort.verified += target
            effort.verified_context += target_context
            effort.drafted += drafted
            effort.drafted_context += draft_context


def advance(batch: TreeBatch) -> list[tuple[Row, Sample]]:
    """One round for every row; returns the rows that ended, which leave the batch."""
    current = Round(batch)
    current.draft()
    taken = current.verify()
    current.commit(taken)
    ended: list[tuple[Row, Sample]] = []
    alive = np.ones(len(current.rows), dtype=np.bool_)
    for i, row in enumerate(current.rows):
        sample = _append(row, i, taken)
        if sample is not None:
            alive[i] = False
            ended.append((row, sample))
    batch.keep(alive)
    return ended


def _append(row: Row, i: int, taken: Taken) -> Sample | None:
    """Give a row its new tokens, up to one that ends it."""
    assert row.effort is not None
    for level, (token, node) in enumerate(
        zip(taken.tokens[i].tolist(), taken.nodes[i].tolist(), strict=True)
    ):
        if token < 0:
            return None
        row.effort.accepted += node >= 0
        log_p = taken.log_p[level][i]
        sample = take(row, token, float(log_p[token]), log_p)
        if sample is not None:
            return sample
    return None
