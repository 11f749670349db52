"""What verifiers have in common whose model writes its judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import Field

from ttc.core import (
    Capabilities,
    Role,
    Sample,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.errors import UsageError
from ttc.prompts import load_prompt
from ttc.verifiers import VerifierPart

# A verdict stands near the end; more tokens leave room for a sentence or two behind it. A journal
# keeps them all, so there are none to spare.
VERDICT_TAIL = 64


class Written(VerifierPart):
    """Base of verifiers whose model writes V judgements of each solution."""

    verifications: int = Field(default=8, ge=1, le=1_000_000)
    """Verifications per solution (V)."""
    solutions: int | None = Field(default=None, ge=1, le=1_000_000)
    """Verify only the first so many solutions of each problem; all where none is named."""
    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of verifications."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling."""
    max_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest verification in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a verification; those of the prompt template are added."""
    prompt: str = "genrm-base"
    """Prompt template with {{ question }} and {{ solution }}: a shipped name or a file."""
    logprobs: int = Field(default=5, ge=0, le=20)
    """Top alternatives asked for at each token, to read the verdict's probability."""

    @property
    def reads_probabilities(self) -> bool:
        """Whether token probabilities are of use."""
        return True

    @property
    def most_alternatives(self) -> int:
        """As many as it can use."""
        return self.logprobs

    def most_samples(self, solutions: int) -> Mapping[Role, int] | None:
        return {"verifier": self.verifications * self.judged(solutions)}

    def judged(self, solutions: int) -> int:
        """Of so many solutions."""
        return min(solutions, self.solutions or solutions)

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt}

    def fewer(self, solutions: int, verifications: int) -> Self:
        changes = {
            "solutions": self.judged(solutions),
            "verifications": min(verifications, self.verifications),
        }
        return self.model_copy(update=changes)

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        return (self.params(offers),)

    def params(self, offers: Capabilities) -> SamplingParams:
        """How a judgement is sampled."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(self.prompt).stop, *self.stop),
            logprobs=self.alternatives(offers),
            keep_logprobs=VERDICT_TAIL,
        )

    def alternatives(self, offers: Capabilities) -> int | None:
        """Top alternatives per token to ask for; None where no probabilities are used or had."""
        most = offers.logprobs
        return min(self.most_alternatives, most) if self.reads_probabilities and most else None

    def made(
        self, of: Solution, index: int, samples: Sequence[Sample], **said: Any
    ) -> Verification:
        """A verification of samples of which each went on behind the one before."""
        done = [sample.completion for sample in samples]
        last = done[-1].prompt_tokens if done else 0
        return self.verification(of, index, done, prompt_tokens=last, **said)

    @property
    def is_chat(self) -> bool:
        """Whether its prompt is chat turns; also false where there is no such prompt."""
        try:
            return load_prompt(self.prompt).is_chat
        except UsageError:  # of which recipes are told by themselves
            return False
