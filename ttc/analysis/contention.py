"""Verdicts only where they can change the choice: which solutions a judge is to see once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.plurality import plurality

Chooses = Literal["weighted_majority", "best_of_n"]
_ROUND_OFF = 1e-9


@dataclass(frozen=True)
class Said:
    """What verdicts have said so far, (N,) each: how many were asked for of each solution, how many
    of these could be read, and the sum of their scores from 0 to 1.
    """

    asked: IntArray
    read: IntArray
    total: FloatArray

    @classmethod
    def nothing(cls, solutions: int) -> Said:
        zeros = np.zeros(solutions, dtype=np.int64)
        return cls(zeros, zeros.copy(), np.zeros(solutions))

    def add(self, place: int, score: float | None) -> None:
        """One verdict more; None where it could not be read."""
        self.asked[place] += 1
        if score is not None:
            self.read[place] += 1
            self.total[place] += score

    @property
    def mean(self) -> FloatArray:
        """(N,) mean score, 0 where nothing could be read."""
        return np.asarray(self.total / np.maximum(self.read, 1))


@dataclass(frozen=True)
class Contention:
    """Which answer, and of whom a verdict more may change that. Up to `votes` verdicts a solution.

    how: weighted_majority, the largest sum of its solutions' mean scores; best_of_n, that of the
    solution with the best one. reach: how far verdicts to come are thought to go from the mean so
    far (1/2 where there is none): 1, all the way to 0 or to 1, so that the choice is that of all
    verdicts; less asks for fewer, and may choose otherwise.
    """

    votes: int
    how: Chooses
    reach: float = 1.0

    def bounds(self, said: Said) -> tuple[FloatArray, FloatArray]:
        """(N,) least and largest mean score that each solution may come to have.

        Unreadable verdicts are dropped from the mean, so those to come may all be 0, or all be 1.
        """
        left = self.votes - said.asked
        most = np.maximum(left + said.read, 1)
        low, high = said.total / most, (said.total + left) / most
        if self.reach == 1:
            return low, high
        middle = np.where(said.read > 0, said.mean, np.where(left > 0, 0.5, 0.0))
        return middle - self.reach * (middle - low), middle + self.reach * (high - middle)

    def wanted(self, classes: IntArray, said: Said) -> IntArray:
        """Places of the solutions of which a verdict more may change the choice; none: it stands.

        An answer whose best case is below another one's worst case is out. classes: (N,) answer
        class of each solution, -1 for none.
        """
        nobody = np.zeros(0, dtype=np.int64)
        valid = classes >= 0
        there = np.bincount(classes[valid]) > 0
        if there.sum() < 2:
            return nobody
        worst, best = (
            np.where(there, self._merit(classes[valid], ends[valid], len(there)), -np.inf)
            for ends in self.bounds(said)
        )
        leader = int(np.argmax(worst))
        rivals = there & (best >= worst[leader] - _ROUND_OFF)
        rivals[leader] = False
        if not rivals.any():
            return nobody
        rivals[leader] = True
        return np.flatnonzero(valid & rivals[classes] & (said.asked < self.votes))

    def _merit(self, classes: IntArray, scores: FloatArray, count: int) -> FloatArray:
        """(count,) of each answer class."""
        if self.how == "weighted_majority":
            return np.asarray(np.bincount(classes, scores, minlength=count), dtype=np.float64)
        merit = np.full(count, -np.inf)
        np.maximum.at(merit, classes, scores)
        return merit

    def choice(self, classes: IntArray, said: Said) -> int:
        """The answer by the verdicts that there are; without any, that of most solutions."""
        judged = said.asked > 0
        if not judged.any():
            return plurality(classes)
        if self.how == "best_of_n":
            means = np.where(judged & (classes >= 0), said.mean, -1.0)
            return int(classes[int(np.argmax(means))])
        return plurality(classes, np.where(judged, said.mean, np.nan))
