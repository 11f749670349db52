"""GenRM without a chain of thought: P(Yes) of one token (arXiv 2408.15240)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Attempt, Capabilities, Role, SamplingParams, Solution, Verification
from ttc.registry import register
from ttc.verdicts.two_words import YES_NO
from ttc.verifiers.one_token import OneToken


@register
class GenRMDirect(OneToken):
    """A generative verifier says Yes or No at once; the score is P(Yes) (arXiv 2408.15240)."""

    waves: ClassVar[int | None] = 1

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
        return (self.in_a_token(self.prompt, min(self.logprobs, offers.logprobs), self.max_tokens),)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        return await self.said_of(attempt, solutions[: self.solutions], self.prompt, YES_NO)
