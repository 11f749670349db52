"""SPOC (arXiv 2506.06923): proposals and verifications in turn, up to a verdict that accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Role, Sample, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.drafts import DraftSampler, leading
from ttc.turns import next_turn
from ttc.verdicts import parse_verdict


@register
class SPOC(DraftSampler):
    """One context in which the model proposes, verifies and proposes anew until it says Yes.

    Of a raw text that is one pass: a turn ends where the model itself writes what opens the next
    one. A chat has a turn of the user in between. The paper's markers and most rounds were not to
    be had; both are settings here.
    """

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset(),
        "verify_prompt": frozenset(),
        "again_prompt": frozenset(),
    }

    type: Literal["spoc"] = "spoc"
    rounds: int = Field(default=3, ge=1, le=1000)
    """Proposals of a pass at most; the last one is not verified."""
    passes: int = Field(default=1, ge=1, le=100_000)
    """Passes, one after the other; their answers are voted on."""
    verify_prompt: str = "self-verify"
    """Prompt template of what opens a verification in the same context, a turn or a text; it must
    end in a Yes/No verdict."""
    again_prompt: str = "spoc-again"
    """Prompt template of what opens the next proposal there."""

    @property
    def turn_prompts(self) -> frozenset[str]:
        return frozenset({"verify_prompt", "again_prompt"})

    def most_solutions(self) -> int:
        return self.passes

    def most_samples(self) -> Mapping[Role, int]:
        return {"solver": self.passes * (2 * self.rounds - 1)}

    def growing(self) -> Mapping[Role, Growing]:
        more = self.rounds - 1
        turns = (self.verify_prompt, self.again_prompt) * more
        return {"solver": Growing((self.prompt,), 2 * more * self.max_tokens, turns)}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found: list[Solution] = []
        while len(found) < self.passes and not attempt.refused:
            one = await self._pass(attempt, speaks=not found)
            if one is None:
                break
            found.append(one)
            attempt.answer(leading(attempt, found))
        return found

    async def _pass(self, attempt: Attempt, speaks: bool) -> Solution | None:
        """The last proposal of a pass; None where there is none. speaks: whether the attempt has
        no better answer yet.
        """
        ask = self._until(attempt, self.begin(attempt), self.verify_prompt)
        best: Solution | None = None
        for left in reversed(range(self.rounds)):
            proposal = await self._one(attempt, ask)
            if proposal is None or (proposal.completion.error and best):
                break
            best = attempt.solution(proposal.completion.text, [proposal])
            if speaks:
                attempt.answer(best)
            if not left or proposal.completion.error:
                break
            check = await self._one(attempt, self._turn(attempt, proposal, self.verify_prompt))
            if check is None or check.completion.error or parse_verdict(check.completion.text):
                break
            ask = self._turn(attempt, check, self.again_prompt)
        return best

    async def _one(self, attempt: Attempt, ask: Ask) -> Sample | None:
        (samples,) = await attempt.sample(ask)
        return samples[0] if samples else None

    def _turn(self, attempt: Attempt, last: Sample, opens: str) -> Ask:
        """What follows the last turn, opened by a template."""
        tail = render_problem(load_prompt(opens), attempt.problem)
        ask = Ask(next_turn(last, tail, self.type), self.params(opens), after=last)
        other = self.again_prompt if opens == self.verify_prompt else self.verify_prompt
        return self._until(attempt, ask, other)

    def _until(self, attempt: Attempt, ask: Ask, opens: str) -> Ask:
        """Of a raw text, ended where the model opens the next turn."""
        mark = render_problem(load_prompt(opens), attempt.problem).text
        if not mark:
            return ask
        return replace(ask, params=replace(ask.params, stop=(*ask.params.stop, mark)))
