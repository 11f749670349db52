"""What a search has finished so far, and the best of it: its answer at any time."""

from __future__ import annotations

from ttc.core import Attempt, Solution
from ttc.search.paths import Path, StepSampler


class Best:
    """Makes solutions of paths, in order, and has the attempt answer with each that is better than
    all before it, as `StepSampler.rank` orders them.

    answers: False where somebody else says what the answer is.
    """

    def __init__(self, sampler: StepSampler, answers: bool = True) -> None:
        self._sampler, self._answers = sampler, answers
        self._rank: tuple[bool, bool, float] | None = None
        self._made: dict[int, tuple[Path, Solution]] = {}

    @property
    def solutions(self) -> list[Solution]:
        """All that were made, in order."""
        return [solution for _, solution in self._made.values()]

    def knows(self, path: Path) -> bool:
        """Whether this very path was offered, not one that is equal."""
        return id(path) in self._made

    def offer(self, attempt: Attempt, path: Path) -> Solution:
        """The path's solution. attempt: the one, or the branch of it, that has written it."""
        if self.knows(path):
            return self._made[id(path)][1]
        solution, rank = path.solution(attempt), self._sampler.rank(path)
        self._made[id(path)] = (path, solution)
        if self._answers and (self._rank is None or rank > self._rank):
            self._rank = rank
            attempt.answer(solution)
        return solution
