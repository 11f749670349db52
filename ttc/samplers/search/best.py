"""What a search over paths has finished so far, each path made a solution once."""

from __future__ import annotations

from typing import Literal

from ttc.core import Attempt, Solution
from ttc.samplers.search.leading import Leading
from ttc.samplers.search.paths import Path, StepSampler


class Best:
    """Makes solutions of paths, in order, and has the attempt answer with the best at any time, as
    `Leading` says; an answer that wins a vote is said by its best solution.
    """

    def __init__(
        self, sampler: StepSampler, choose: Literal["best", "vote", "sample"] = "best"
    ) -> None:
        self._sampler, self._leading = sampler, Leading(choose, voice="best")
        self._made: dict[int, tuple[Path, Solution]] = {}

    @property
    def solutions(self) -> list[Solution]:
        """All that were made, in order."""
        return self._leading.found

    def knows(self, path: Path) -> bool:
        """Whether this very path was offered, not one that is equal."""
        return id(path) in self._made

    def offer(self, attempt: Attempt, path: Path) -> Solution:
        """The path's solution. attempt: the one, or the branch of it, that has written it."""
        if self.knows(path):
            return self._made[id(path)][1]
        solution = path.solution(attempt)
        self._made[id(path)] = (path, solution)
        self._leading.add(attempt, solution, self._sampler.value(path), path.ended)
        return solution
