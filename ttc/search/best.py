"""What a search has finished so far, and the best of it: its answer at any time."""

from __future__ import annotations

from ttc.core import Attempt, Solution
from ttc.search.paths import Path, StepSampler


class Best:
    """Makes solutions of paths, in order, and has the attempt answer with each that is better than
    all before it, as `StepSampler.rank` orders them.
    """

    def __init__(self, sampler: StepSampler) -> None:
        self._sampler = sampler
        self._rank: tuple[bool, bool, float] | None = None

    def offer(self, attempt: Attempt, path: Path) -> Solution:
        """attempt: the one, or the branch of it, that has written the path."""
        solution, rank = path.solution(attempt), self._sampler.rank(path)
        if self._rank is None or rank > self._rank:
            self._rank = rank
            attempt.answer(solution)
        return solution
