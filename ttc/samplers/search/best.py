"""What a search has finished so far, and which of it is its answer at any time."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

from ttc.core import Attempt, Solution
from ttc.samplers.search.paths import Path, StepSampler

Choice = Literal["best", "vote"]


class Best:
    """Makes solutions of paths, in order, and has the attempt answer with the best at any time.

    choose: "best" is the first one as `StepSampler.rank` orders them; "vote" the best one of the
    answer whose finished solutions have the largest sum of scores; "sample" leaves to somebody else
    to say an answer.
    """

    def __init__(
        self, sampler: StepSampler, choose: Literal["best", "vote", "sample"] = "best"
    ) -> None:
        self._sampler, self._choose = sampler, choose
        self._made: dict[int, tuple[Path, Solution]] = {}
        self._answer: Solution | None = None

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
        solution = path.solution(attempt)
        self._made[id(path)] = (path, solution)
        if self._choose != "sample":
            voted = self._voted(attempt) if self._choose == "vote" else None
            chosen = voted or self._first()
            if chosen is not self._answer:
                self._answer = chosen
                attempt.answer(chosen)
        return solution

    def _first(self) -> Solution:
        return max(self._made.values(), key=lambda one: self._sampler.rank(one[0]))[1]

    def _voted(self, attempt: Attempt) -> Solution | None:
        """None where nothing finished has both an answer and a score."""
        done = [(p, s) for p, s in self._made.values() if p.ended and p.scores]
        value = {s.index: self._sampler.value(p) or 0.0 for p, s in done}
        of: dict[int, list[Solution]] = defaultdict(list)
        for (_, solution), place in zip(done, attempt.classes([s for _, s in done]), strict=True):
            if place >= 0:
                of[int(place)].append(solution)
        if not of:
            return None
        winner = max(of.values(), key=lambda solutions: sum(value[s.index] for s in solutions))
        return max(winner, key=lambda solution: value[solution.index])
