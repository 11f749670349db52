"""What a search answers with while it goes on: the best of what it has found so far."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ttc.core import Attempt, Solution

Choice = Literal["best", "vote"]


class Leading:
    """Solutions with their scores, and which of them the attempt says is its answer.

    choose: "best" is what has ended before what has not, of that what has a score before what has
    none, and of these the highest score; "vote", of what has ended, the answer whose solutions have
    the highest sum of scores, or, where that is 0 of all, of most solutions; "sample" leaves to
    somebody else to say an answer. Ties go to the first. voice: by which of its solutions an answer
    that wins is said: the first, so that it is not said anew by each, or the best.
    """

    def __init__(
        self,
        choose: Literal["best", "vote", "sample"],
        voice: Literal["first", "best"] = "first",
    ) -> None:
        self.found: list[Solution] = []
        self._choose, self._voice = choose, voice
        self._ranks: list[tuple[bool, bool, float]] = []
        self._said: int | None = None

    def add(
        self, attempt: Attempt, solution: Solution, score: float | None, ended: bool = True
    ) -> None:
        """One more; where it changes the answer, that is said. attempt: the one, or the branch of
        it, that has found it.
        """
        self.found.append(solution)
        self._ranks.append((ended, score is not None, score or 0.0))
        if self._choose == "sample":
            return
        leader = self._elected(attempt) if self._choose == "vote" else self._best()
        if leader != self._said:
            attempt.answer(self.found[leader])
            self._said = leader

    def _best(self) -> int:
        return max(range(len(self._ranks)), key=self._ranks.__getitem__)

    def _elected(self, attempt: Attempt) -> int:
        voters = [i for i, (ended, *_) in enumerate(self._ranks) if ended]
        classes = attempt.classes([self.found[i] for i in voters]) if voters else np.array([-1])
        valid = classes >= 0
        if not valid.any():
            return self._best()
        weights = np.array([self._ranks[i][2] for i in voters])
        totals = np.bincount(classes[valid], weights[valid])
        if not totals.any():
            totals = np.bincount(classes[valid]).astype(np.float64)
        first = int(np.argmax(np.where(valid, totals[np.where(valid, classes, 0)], -1.0)))
        same = [voters[i] for i in np.flatnonzero(classes == classes[first])]
        return same[0] if self._voice == "first" else max(same, key=self._ranks.__getitem__)
