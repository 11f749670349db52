"""Monte Carlo tree search over steps, by a process reward (UCT; treequest's, arXiv 2503.04412)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Attempt, Role, Solution
from ttc.registry import register
from ttc.samplers.search.leading import Choice, Leading
from ttc.samplers.search.paths import Path, StepSampler
from ttc.samplers.search.trees import Tree, treequest


@register
class MCTS(StepSampler):
    """Grows a tree of steps where reward and curiosity are highest (UCT)."""

    extra: ClassVar[str | None] = "search"

    type: Literal["mcts"] = "mcts"
    expansions: int = Field(default=32, ge=1, le=100_000)
    """Times that a node is chosen to be grown. One whose solution has ended takes its turn, too,
    counts again in the nodes above it, and costs nothing."""
    samples: int = Field(default=2, ge=1, le=10_000)
    """Steps drawn from the node that is grown."""
    curiosity: float = Field(default=math.sqrt(2), ge=0, le=1000)
    """Weight of what has seldom been visited (of UCT)."""
    rollout: bool = False
    """Score a node by one solution that is written from it to its end; else by its own steps."""
    choose: Choice = "best"
    """The answer: best, of the highest score, or vote, with the highest sum of scores."""

    def most_samples(self) -> Mapping[Role, int]:
        steps = self.expansions * self.samples
        return {"solver": steps * (1 + self.rollout) + 1, "reward": steps + 1}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        library = treequest(self.type)
        tree: Tree[Path] = Tree(
            library.StandardMCTS(samples_per_action=self.samples, exploration_weight=self.curiosity)
        )
        leading = Leading(self.choose)
        left = self.samples  # of the node that is being grown
        for _ in range(self.expansions):
            if attempt.refused:
                break
            trials = tree.ask(attempt.rng, left)
            node = trials[0].parent or self.begin(attempt)
            nodes, ends = await self._grown(attempt, node, len(trials))
            for trial, path, end in zip(trials, nodes, ends, strict=False):
                score = self.value(end)
                if end.ended and not node.ended:
                    leading.add(attempt, end.solution(attempt), score)
                if score is not None:  # what has no score is no node, and drawn anew
                    tree.tell(trial, path, score)
                    left -= 1
            left = left or self.samples
        if not leading.found:
            await self._finish(attempt, tree, leading)
        return leading.found

    async def _grown(
        self, attempt: Attempt, node: Path, n: int
    ) -> tuple[Sequence[Path], Sequence[Path]]:
        """So many nodes below one, and what they are scored by; fewer where the budget ends."""
        if node.ended:
            return [node] * n, [node] * n
        (nodes,) = await self.grow(attempt, [node], n, len(node.samples))
        nodes = [one for one in nodes if not one.failed]
        if not self.rollout:
            scored = await self.score(attempt, nodes)
            return scored, scored
        rows = await self.grow(attempt, nodes, 1, self.most_steps)
        tried = [
            (one, row[0]) for one, row in zip(nodes, rows, strict=True) if row and not row[0].failed
        ]
        ends = await self.score(attempt, [end for _, end in tried])
        return [e if n.ended else n for (n, _), e in zip(tried, ends, strict=False)], ends

    async def _finish(self, attempt: Attempt, tree: Tree[Path], leading: Leading) -> None:
        """No solution has ended: the best node's is written to its end, as far as that goes."""
        nodes = tree.nodes()
        path, score = max(nodes, key=lambda one: one[1]) if nodes else (self.begin(attempt), None)
        ((*ends,),) = await self.grow(attempt, [path], 1, self.most_steps)
        if ends:
            path = ends[0]
            if path.failed:
                return
            scored = await self.score(attempt, [path])
            score = self.value(scored[0]) if scored else None
        if path.samples:
            leading.add(attempt, path.solution(attempt), score)
