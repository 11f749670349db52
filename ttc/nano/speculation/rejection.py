"""Drafting without replacement, and which drafts are taken: exact for any draft network.

At a node with target p and children x1, x2 ... drawn one after the other from q1, q2 ..., child i
is taken with probability min(1, p(x)/q(x)); else p becomes the normalised positive part of p - q
(arXiv 2211.17192, theorem 1; arXiv 2302.01318), for which the next child is a proposal in turn.
Each q is the draft's distribution without the children before (arXiv 2402.14160). If none is taken,
the token is drawn from what p has become; below the last one taken, from p itself. So the token has
distribution p whatever q is, and so has a whole text, by induction over its tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.nano.model import Ints
from ttc.nano.products import Floats
from ttc.nano.sampling import SEED_BITS, Row, uniforms, weigh
from ttc.nano.speculation.tree import MOST_WIDTH, Tree
from ttc.nano.tokenizer import EOS

Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]

# Random numbers are keyed by the place of the token and by what they are for. A token that is
# drafted once more, since its place was not reached, uses its number again: it has decided nothing.
_APART = 1 << 40  # from those of plain sampling
_DRAFT, _ACCEPT, _REST, _KINDS = 0, MOST_WIDTH, 2 * MOST_WIDTH, 2 * MOST_WIDTH + 1


def numbers(rows: Sequence[Row], places: Ints, kind: int) -> Doubles:
    """(rows,) uniform numbers for the tokens at these places."""
    seeds = np.array([row.seed & SEED_BITS for row in rows], dtype=np.uint64)
    return uniforms(seeds, (_APART + places * _KINDS + kind).astype(np.uint64))


def draw(weights: Doubles, u: Doubles) -> Ints:
    """(rows,) tokens by weights (rows, vocab); never one of weight 0."""
    steps = np.cumsum(weights, axis=1)
    return np.asarray((steps > (u * steps[:, -1])[:, None]).argmax(axis=1))


def draft(
    rows: Sequence[Row], logits: Floats, places: Ints, width: int
) -> tuple[Ints, Bools, Doubles]:
    """Children of nodes: tokens (nodes, width), whether there is one, and the weights (nodes,
    vocab) of which they were drawn. rows: of each node; places: of the children.

    Where a row is greedy, its children are the likeliest tokens, best first.
    """
    weights = weigh([row.job for row in rows], logits)[0].astype(np.float64)
    greedy = _greedy(rows)
    best = np.zeros((len(rows), width), dtype=np.int64)
    best[greedy] = np.argsort(-logits[greedy], axis=1, kind="stable")[:, :width]
    tokens = np.zeros((len(rows), width), dtype=np.int64)
    there = np.zeros((len(rows), width), dtype=np.bool_)
    left, each = weights.copy(), np.arange(len(rows))
    for k in range(width):
        there[:, k] = greedy | (left.sum(axis=1) > 0)
        drawn = draw(left, numbers(rows, places, _DRAFT + k))
        tokens[:, k] = np.where(greedy, best[:, k], drawn)
        left[each, tokens[:, k]] = 0
    return tokens, there, weights


@dataclass(frozen=True)
class Taken:
    """What a round brought. tokens: (rows, depth + 1), -1 behind the last one; nodes: the draft
    that each of them is, -1 where the target drew it; log_p: by step, (rows, vocab).
    """

    tokens: Ints
    nodes: Ints
    log_p: list[Floats]


def verify(
    rows: Sequence[Row],
    tree: Tree,
    tokens: Ints,
    there: Bools,
    weights: Doubles,
    logits: Floats,
    places: Ints,
) -> Taken:
    """Go down the tree as far as drafts are taken, and one token further.

    tokens, there: (rows, nodes) drafts; weights: (rows, nodes, vocab) that the children of a node
    were drawn by; logits: (rows, nodes, vocab) of the target; places: (rows,) of node 0.
    """
    n = len(rows)
    found = np.full((2, n, tree.depth + 1), -1, dtype=np.int64)
    node, going = np.zeros(n, dtype=np.int64), np.arange(n)
    log_p = []
    for level in range(tree.depth + 1):
        some = [rows[i] for i in going.tolist()]
        step = _Step(some, logits[going, node[going]], places[going] + level + 1)
        known = np.zeros((n, logits.shape[2]), dtype=np.float32)
        known[going] = step.log_p
        log_p.append(known)
        if level < tree.depth:
            step.offer(tree, node[going], tokens[going], there[going], weights[going, node[going]])
        found[0, going, level] = step.finish()
        found[1, going, level] = step.child
        node[going] = step.child
        going = going[(step.child >= 0) & (step.token != EOS)]
        if not going.size:
            break
    return Taken(found[0], found[1], log_p)


class _Step:
    """One token of some rows. child: the draft that is taken, -1: none; token: what is drawn."""

    def __init__(self, rows: Sequence[Row], logits: Floats, places: Ints) -> None:
        self._rows, self._places = rows, places
        p, self.log_p = weigh([row.job for row in rows], logits)
        self._greedy = _greedy(rows)
        self._p = p.astype(np.float64)
        self._p[self._greedy] = 0
        self._p[self._greedy, logits[self._greedy].argmax(axis=1)] = 1
        self._p /= self._p.sum(axis=1, keepdims=True)
        self.child = np.full(len(rows), -1, dtype=np.int64)
        self.token = np.full(len(rows), -1, dtype=np.int64)

    def offer(self, tree: Tree, node: Ints, tokens: Ints, there: Bools, weights: Doubles) -> None:
        """Take one of the children of these nodes, or none."""
        each, left = np.arange(len(node)), weights.copy()
        for k in range(tree.children.shape[1]):
            child = tree.children[node, k]
            token = tokens[each, child]
            open_ = (child > 0) & (self.child < 0) & there[each, child]
            total = np.where(open_ & ~self._greedy, left.sum(axis=1), 1.0)
            q = left / total[:, None]
            u = numbers(self._rows, self._places, _ACCEPT + k)
            p = self._p[each, token]
            # Of a greedy row, p is 1 for one token and 0 for all others.
            hit = open_ & np.where(self._greedy, p > 0, u * q[each, token] < p)
            self.child[hit], self.token[hit] = child[hit], token[hit]
            self._reject(np.flatnonzero(open_ & ~hit & ~self._greedy), q)
            left[each, token] = 0

    def _reject(self, missed: Ints, q: Doubles) -> None:
        rest = np.maximum(self._p[missed] - q[missed], 0)
        total = rest.sum(axis=1)
        # Where p is q but for rounding, whatever is drawn by p is right.
        able = total > 0
        self._p[missed[able]] = rest[able] / total[able, None]

    def finish(self) -> Ints:
        """The tokens; drawn here where no child was taken."""
        drawn = draw(self._p, numbers(self._rows, self._places, _REST))
        self.token = np.where(self.child < 0, drawn, self.token)
        return self.token


def _greedy(rows: Sequence[Row]) -> Bools:
    return np.array([row.job.temperature == 0 for row in rows], dtype=np.bool_)
