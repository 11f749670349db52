"""Verdicts only where they can change the choice: stopping for judges (bounds after 2305.11860)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from ttc.analysis.contention import Chooses, Contention, Said
from ttc.core import Attempt, Role, Solution
from ttc.refs import CriticRef
from ttc.registry import Part, register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.independent import Independent
from ttc.samplers.search.critics import critic_growing, critic_longest, critic_samples


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
    critic: CriticRef
    """Who judges: a verifier that gives one verdict of a solution each time that it is asked."""
    votes: int = Field(default=4, ge=1, le=10_000)
    """Verdicts of a solution at most."""
    choose: Chooses = "weighted_majority"
    """Which answer: of the largest sum of its solutions' mean scores, or of the best mean score."""
    reach: float = Field(default=1.0, ge=0, le=1)
    """How far verdicts to come are thought to go from the mean so far: 1, as far as they can; less
    asks for fewer verdicts, and may choose otherwise than all would. `ttc adapt --verdicts` tunes
    it."""

    @field_validator("critic")
    @classmethod
    def _one_by_one(cls, critic: Part) -> Part:
        if getattr(critic, "verifications", 1) != 1:
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
        classes = np.asarray(attempt.classes(found))
        rule, said = Contention(self.votes, self.choose, self.reach), Said.nothing(len(found))
        place = {solution.index: i for i, solution in enumerate(found)}
        while True:
            choice = rule.choice(classes, said)
            if choice >= 0:
                attempt.answer(found[int(np.flatnonzero(classes == choice)[0])])
            wanted = rule.wanted(classes, said)
            if not len(wanted) or attempt.refused:
                return found
            told = await attempt.judge(self.critic, [found[i] for i in wanted])
            for one in told:
                said.add(place[one.solution_index], one.score)
            if not told:
                return found
