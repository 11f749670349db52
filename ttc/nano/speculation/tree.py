"""The shape of a round's drafts: a tree of tokens, of which a chain is the narrowest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ttc.nano.model import Ints

MOST_NODES, MOST_DEPTH, MOST_WIDTH = 64, 16, 16
Route = tuple[list[int], list[int]]
"""Nodes that lie on one line of the tree, and the places, among those that are computed now, of the
ones which attend along it."""


@dataclass(frozen=True)
class Tree:
    """Every node of depth i has `widths[i]` children; node 0 is the newest token, which is given.

    Nodes are numbered level by level. One more column, `lag`, stands for the token before node 0,
    which the draft has not read yet where all of its tokens were taken.
    """

    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        deep, wide = len(self.widths) > MOST_DEPTH, max(self.widths, default=1) > MOST_WIDTH
        if not self.widths or min(self.widths) < 1 or deep or wide or self.drafts > MOST_NODES:
            raise ValueError(
                f"a tree has 1 to {MOST_DEPTH} levels, 1 to {MOST_WIDTH} branches of a token, and "
                f"{MOST_NODES} tokens at most, not {list(self.widths)}"
            )

    @cached_property
    def drafts(self) -> int:
        """Tokens that are drafted in a round, at most."""
        total, level = 0, 1
        for width in self.widths:
            level *= width
            total += level
        return total

    @cached_property
    def inner(self) -> int:
        """Tokens that the draft reads in a round to go on from them, the given one included."""
        return sum(map(len, self.levels[:-1]))

    @property
    def depth(self) -> int:
        return len(self.widths)

    @cached_property
    def lag(self) -> int:
        """The column of the token before node 0."""
        return 1 + self.drafts

    @cached_property
    def levels(self) -> list[list[int]]:
        """Nodes by depth, from node 0 on."""
        levels, count = [[0]], 1
        for width in self.widths:
            new = len(levels[-1]) * width
            levels.append(list(range(count, count + new)))
            count += new
        return levels

    @cached_property
    def parents(self) -> list[int]:
        """Of each node; -1 for node 0."""
        found = [-1]
        for width, level in zip(self.widths, self.levels, strict=False):
            found += [node for node in level for _ in range(width)]
        return found

    @cached_property
    def children(self) -> Ints:
        """(nodes, widest) numbers of each node's children, 0 where there is none."""
        found = np.zeros((1 + self.drafts, max(self.widths)), dtype=np.int64)
        seen = [0] * len(found)
        for node, parent in enumerate(self.parents[1:], 1):
            found[parent, seen[parent]] = node
            seen[parent] += 1
        return found

    @cached_property
    def offsets(self) -> Ints:
        """(columns,) places behind node 0's."""
        depths = [depth for depth, level in enumerate(self.levels) for _ in level]
        return np.array([*depths, -1], dtype=np.int64)

    def line(self, node: int) -> list[int]:
        """The nodes from node 0 to one of them."""
        found = [node]
        while found[-1]:
            found.append(self.parents[found[-1]])
        return found[::-1]

    def draft_pass(self, depth: int) -> tuple[list[int], list[Route]]:
        """Which columns the draft computes to draw the tokens below a depth, and along which lines
        these attend.
        """
        if depth == 0:
            return [self.lag, 0], [([self.lag, 0], [0, 1])]
        nodes = self.levels[depth]
        return nodes, [(self.line(node)[1:], [place]) for place, node in enumerate(nodes)]

    @cached_property
    def target_pass(self) -> tuple[list[int], list[Route]]:
        """The same for the target, which computes all nodes at once."""
        routes, left = [], set(range(1 + self.drafts))
        for leaf in self.levels[-1]:
            line = self.line(leaf)
            routes.append((line, [node for node in line if node in left]))
            left -= set(line)
        return list(range(1 + self.drafts)), routes


def chain(tokens: int) -> Tree:
    """So many tokens, one after the other."""
    return Tree((1,) * tokens)
