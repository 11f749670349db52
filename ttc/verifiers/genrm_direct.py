"""GenRM without a chain of thought: P(Yes) of one token (arXiv 2408.15240)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    Role,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.verdicts.two_words import YES_NO, p_first_word
from ttc.verifiers.one_each import OneEach, shown


@register
class GenRMDirect(OneEach):
    """A generative verifier says Yes or No at once; the score is P(Yes) (arXiv 2408.15240)."""

    type: Literal["genrm-direct"] = "genrm-direct"
    prompt: str = "genrm-direct"
    """Prompt template with {{ question }} and {{ solution }}: a shipped name or a file."""
    max_tokens: int = Field(default=1, ge=1, le=64)
    """Tokens to look for Yes or No in; more than one where something stands before it."""
    logprobs: int = Field(default=20, ge=1, le=20)
    """Top alternatives asked for at each token, of which Yes and No are read."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1}

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        params = SamplingParams(
            temperature=0.0,  # the text is of no matter, and greedy ones are alike
            max_tokens=self.max_tokens,
            stop=load_prompt(self.prompt).stop,
            logprobs=min(self.logprobs, offers.logprobs) or None,
        )
        return (params,)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        template = load_prompt(self.prompt)
        (params,) = self.asks(attempt.capabilities())
        chosen = solutions[: self.solutions]
        prompts = [
            render_problem(template, attempt.problem, solution=shown(s)) for s in chosen
        ]
        rows = await attempt.sample(*[Ask(prompt, params) for prompt in prompts])
        return [
            self._read(solution, sample.completion)
            for solution, row in zip(chosen, rows, strict=True)
            for sample in row
        ]

    def _read(self, solution: Solution, c: Completion) -> Verification:
        p_yes = p_first_word(c.logprobs, YES_NO)
        return Verification(
            problem_id=solution.problem_id,
            solution_index=solution.index,
            index=0,
            verifier=self.label,
            text=c.text,
            verdict=None if p_yes is None else p_yes >= 0.5,
            p_yes=p_yes,
            score=p_yes,
            prompt_tokens=c.prompt_tokens,
            completion_tokens=c.completion_tokens,
            finish_reason=c.finish_reason,
            seconds=c.seconds,
        )
