"""Diverse verifier tree search: step search in separate trees (search-and-learn; 2408.03314)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ttc.answers.extraction import boxed
from ttc.core import Attempt, Solution
from ttc.registry import register
from ttc.samplers.search.best import Best
from ttc.samplers.search.paths import Path
from ttc.samplers.search.widths import WideSampler


@register
class DVTS(WideSampler):
    """Searches n/m trees apart; each goes on from the best of m steps and gives its last m.

    All first steps are drawn together, so that the problem's prompt is paid once; behind these each
    tree is a branch of the attempt with an equal share of the budget. It ends where its best child
    has ended or holds a boxed answer. The answer is chosen of all trees' solutions; within a
    budget, of the trees gone through one after the other. The trees' last m children, of which some
    may be unfinished, are n solutions in all.
    """

    type: Literal["dvts"] = "dvts"

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        number, best = self.beams // self.width, Best(self, self.choose)
        (steps,) = await self.grow(attempt, [self.begin(attempt)], self.beams)
        firsts = [steps[i : i + self.width] for i in range(0, self.beams, self.width)]
        trees = attempt.split(*[1 / number] * number)
        leaves = await asyncio.gather(*map(self._leaves, trees, firsts))
        # Only now, and in their order: which tree is done first must not matter.
        return [
            best.offer(tree, path)
            for tree, paths in zip(trees, leaves, strict=True)
            for path in paths
        ]

    async def _leaves(self, tree: Attempt, grown: Sequence[Path]) -> list[Path]:
        """The last children of a tree that begins with these."""
        children: list[Path] = []
        for step in range(self.most_steps):
            new = [_boxed(child) for child in grown if not child.failed]
            if not new:
                break
            children = await self.judged(tree, new, step, self.look_ahead)
            path = max(children, key=self._scored)
            if path.ended or tree.refused or step == self.most_steps - 1:
                break
            (grown,) = await self.grow(tree, [path], self.width, step + 1)
        return children

    def _scored(self, path: Path) -> tuple[bool, float]:
        return self.rank(path)[1:]


def _boxed(path: Path) -> Path:
    """It has ended, if its answer is boxed."""
    return path if path.ended or boxed(path.text) is None else replace(path, ended=True)
