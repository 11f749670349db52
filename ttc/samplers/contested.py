"""Verdicts only where they can change the choice: stopping for judges (bounds after 2305.11860)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.core import Attempt, Role, Solution
from ttc.policies import plurality
from ttc.refs import VerifierRef
from ttc.registry import Part, register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.independent import Independent
from ttc.samplers.search.critics import critic_growing, critic_longest, critic_samples

Said = Sequence[Sequence[float | None]]
"""Of each solution the scores so far, from 0 to 1; None where one was unreadable."""
_ROUND_OFF = 1e-9


@register
class Contested(SamplerPart):
    """Draws solutions and has only those judged whose answers may still win; chooses as all would.

    In each round a verdict more is asked of every solution whose answer is still in contention:
    whatever verdicts are to come, up to `votes` of each, an answer whose best case is below another
    one's worst case is out. So the choice is that of all verdicts, for fewer of them. Ours: papers
    stop solutions so, not verdicts.
    """

    type: Literal["contested"] = "contested"
    draw: Independent = Independent()
    """How solutions are drawn, and how many."""
    critic: VerifierRef
    """Who judges: a verifier that gives one verdict of a solution each time that it is asked."""
    votes: int = Field(default=4, ge=1, le=10_000)
    """Verdicts of a solution at most."""
    choose: Literal["weighted_majority", "best_of_n"] = "weighted_majority"
    """Which answer: of the largest sum of its solutions' mean scores, or of the best mean score."""

    @field_validator("critic")
    @classmethod
    def _one_by_one(cls, critic: Part) -> Part:
        if getattr(critic, "verifications", 1) != 1 or getattr(critic, "orders", None):
            raise ValueError("must judge solutions one by one, once: set its verifications to 1")
        return critic

    def most_solutions(self) -> int:
        return self.draw.solutions

    def most_samples(self) -> Mapping[Role, int] | None:
        judging = critic_samples(self.critic, self.votes * self.draw.solutions)
        return None if judging is None else {"solver": self.draw.solutions, **judging}

    def longest(self) -> Mapping[Role, int]:
        return {**self.draw.longest(), **critic_longest(self.critic)}

    def growing(self) -> Mapping[Role, Growing]:
        return critic_growing(self.critic, self.draw.max_tokens)

    def templates(self) -> Mapping[Role, str | None]:
        return self.draw.templates()

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found = list(await self.draw.solve(attempt))
        classes = attempt.classes(found)
        said: list[list[float | None]] = [[] for _ in found]
        place = {solution.index: i for i, solution in enumerate(found)}
        while True:
            choice = chosen(classes, said, self.choose)
            if choice >= 0:
                attempt.answer(found[int(np.flatnonzero(classes == choice)[0])])
            wanted = contested(classes, said, self.votes, self.choose)
            if not wanted or attempt.refused:
                return found
            told = await attempt.judge(self.critic, [found[i] for i in wanted])
            for one in told:
                said[place[one.solution_index]].append(one.score)
            if not told:
                return found


def contested(classes: IntArray, said: Said, votes: int, how: str) -> list[int]:
    """Places of the solutions of which a verdict more may change the choice; none: it stands.

    classes: (N,) answer class of each solution, -1 for none. how: `weighted_majority` or
    `best_of_n`.
    """
    low, high = bounds(said, votes)
    known = sorted({int(one) for one in classes if one >= 0})
    worst = {c: _merit(low[classes == c], how) for c in known}
    best = {c: _merit(high[classes == c], how) for c in known}
    if len(known) < 2:
        return []
    leader = max(known, key=lambda c: worst[c])
    rivals = {c for c in known if c != leader and best[c] >= worst[leader] - _ROUND_OFF}
    open_ = rivals | {leader} if rivals else set()
    return [i for i, c in enumerate(classes.tolist()) if c in open_ and len(said[i]) < votes]


def bounds(said: Said, votes: int) -> tuple[FloatArray, FloatArray]:
    """(N,) least and largest mean score that each solution may have with `votes` verdicts.

    Unreadable ones are dropped from the mean, so those to come may all be 0, or all be 1.
    """
    read = [[one for one in own if one is not None] for own in said]
    total = np.array([sum(own) for own in read], dtype=np.float64)
    left = np.array([votes - len(own) for own in said], dtype=np.float64)
    most = np.maximum(left + [len(own) for own in read], 1.0)
    return total / most, (total + left) / most


def chosen(classes: IntArray, said: Said, how: str) -> int:
    """The answer by the verdicts that there are; without any, that of most solutions."""
    read = [[one for one in own if one is not None] for own in said]
    if not any(said):
        return plurality(classes)
    means = np.array([sum(own) / len(own) if own else 0.0 for own in read])
    judged = np.array([bool(own) for own in said])
    if how == "best_of_n":
        means = np.where(judged & (classes >= 0), means, -1.0)
        return int(classes[int(np.argmax(means))])
    return plurality(classes, np.where(judged, means, np.nan))


def _merit(scores: FloatArray, how: str) -> float:
    return float(scores.max() if how == "best_of_n" else scores.sum())
