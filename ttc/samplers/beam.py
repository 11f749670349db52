"""Beam search over steps, by a process reward (arXiv 2408.03314; search-and-learn's defaults)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ttc.core import Attempt, Solution
from ttc.registry import register
from ttc.samplers.search.best import Best
from ttc.samplers.search.paths import Path
from ttc.samplers.search.widths import WideSampler


@register
class Beam(WideSampler):
    """Goes on from the best of n partial solutions at each step, m times from each.

    Finished solutions are collected until none is left to go on from, or n have finished; where
    they are sorted, the search goes on after that. Fewer than n finished are not filled up with
    copies. A look-ahead counts in the scores by which beams are kept.
    """

    type: Literal["beam"] = "beam"
    sort_completed: bool = False
    """Return the best n of all finished solutions, not the n that finished first."""
    filter_duplicates: bool = False
    """Keep one only of partial solutions with the same text."""

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        best = Best(self, self.choose)
        finished: list[tuple[Path, Solution]] = []
        active = [self.begin(attempt)]
        for step in range(self.most_steps):
            grown = await self._grown(attempt, active, step)
            for path in grown:
                if path.ended and (self.sort_completed or len(finished) < self.beams):
                    finished.append((path, best.offer(attempt, path)))
            going = [path for path in grown if not path.ended]
            active = self._kept(going) or ([] if finished else active)
            done = len(finished) >= self.beams and not self.sort_completed
            if not going or done or attempt.refused:
                break
        if not finished:  # the budget ended before any did
            return [best.offer(attempt, path) for path in active[:1] if path.samples]
        if self.sort_completed:
            finished.sort(key=lambda one: self.rank(one[0]), reverse=True)
        return [solution for _, solution in finished[: self.beams]]

    async def _grown(self, attempt: Attempt, active: Sequence[Path], step: int) -> list[Path]:
        """Continuations, n in all, with their scores: m of each path, or more of the first ones
        where the paths are fewer.
        """
        each, more = divmod(self.beams, len(active))
        counts = [each + (i < more) for i in range(len(active))]
        rows = await self.grow(attempt, active, counts, step)
        grown = [path for row in rows for path in row if not path.failed]
        return await self.judged(attempt, grown, step, self.look_ahead)

    def _kept(self, going: Sequence[Path]) -> list[Path]:
        """The n/m best ones, the best first; the earlier one of those as good."""
        found: dict[object, Path] = {}
        for i, path in enumerate(going):
            found.setdefault(path.text if self.filter_duplicates else i, path)
        ranked = sorted(found.values(), key=self.rank, reverse=True)
        return ranked[: self.beams // self.width]
