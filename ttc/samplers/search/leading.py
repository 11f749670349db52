"""What a search answers with while it goes on: the best of what it has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ttc.core import Attempt, Solution
from ttc.samplers.search.best import Choice


@dataclass
class Leading:
    """Solutions with their scores, and which of them the attempt says is its answer.

    choose: best, the highest score; vote, the answer whose solutions have the highest sum of
    scores. Ties go to the first; what has no score (None) counts only where nothing has one.
    """

    attempt: Attempt
    choose: Choice
    found: list[Solution] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    _said: Solution | None = None

    def add(self, solution: Solution, score: float | None) -> None:
        """One more; where it changes the answer, that is said."""
        self.found.append(solution)
        self.scores.append(score)
        leader = self.found[self._best() if self.choose == "best" else self._most()]
        if leader is not self._said:
            self.attempt.answer(leader)
            self._said = leader

    def _best(self) -> int:
        return int(np.argmax([-1.0 if one is None else one for one in self.scores]))

    def _most(self) -> int:
        classes = self.attempt.classes(self.found)
        valid = classes >= 0
        if not valid.any():
            return self._best()
        weights = np.array([one or 0.0 for one in self.scores])
        totals = np.bincount(classes[valid], weights[valid])
        if not totals.any():  # of no votes or nothing but zeros: how many there are
            totals = np.bincount(classes[valid]).astype(np.float64)
        of_each = np.where(valid, totals[np.where(valid, classes, 0)], -1.0)
        first = int(np.argmax(of_each))
        same = np.flatnonzero(classes == classes[first])
        # One voice of a class for as long as it leads: an answer is not said anew by each.
        return int(same[0])
