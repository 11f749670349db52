"""Refinement: draft, critique, and again from the first step that the critic doubts."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from ttc.core import Attempt, Solution, Verification
from ttc.refs import VerifierRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent


class Redraft(SamplerPart):
    """Revises until its critic, any verifier, accepts."""

    type: Literal["redraft"] = "redraft"
    draft: Independent = Independent(temperature=1.0, max_tokens=64)
    critic: VerifierRef
    rounds: int = Field(default=3, ge=0)
    accept: float = 0.75
    """The mean score with which a draft is kept."""

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        drafts = await self.draft.some(attempt, 1)
        for _ in range(self.rounds):
            if not drafts or attempt.refused:
                break
            attempt.answer(drafts[-1])
            critique = await attempt.judge(self.critic, drafts[-1:])
            scores = [v.score for v in critique if v.score is not None]
            if not scores or sum(scores) / len(scores) >= self.accept:
                break
            drafts += await self._revise(attempt, drafts[-1], critique)
        if drafts:
            attempt.answer(drafts[-1])
        return drafts

    async def _revise(
        self, attempt: Attempt, draft: Solution, critique: Sequence[Verification]
    ) -> list[Solution]:
        worst = min(critique, key=lambda v: 1.0 if v.score is None else v.score)
        sound = [line.endswith(" ok") for line in worst.text.splitlines()]
        steps = draft.text.splitlines()[: [*sound, False].index(False)]
        kept = "".join(f"{step}\n" for step in steps)
        ask = self.draft.ask(attempt, 1)
        ask = replace(ask, prompt=replace(ask.prompt, prefill=ask.prompt.prefill + kept))
        (drawn,) = await attempt.sample(ask)
        return [attempt.solution(kept + sample.completion.text, [sample]) for sample in drawn]
