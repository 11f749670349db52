"""DeepConf (arXiv 2508.15260), self-certainty (2502.18581), likelihood and P(True) (2207.05221)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from ttc.core import Attempt, Capabilities, Role, SamplingParams, Solution, Verification
from ttc.registry import register
from ttc.verdicts.confidence import Of, measured
from ttc.verdicts.two_words import TRUE_FALSE
from ttc.verifiers.one_token import OneToken

_OF_THE_TEXT = ("mean_logprob", "likelihood")


@register
class Confidence(OneToken):
    """Scores a solution by how sure the solver was of its own tokens, or says that it is."""

    waves: ClassVar[int | None] = 1

    type: Literal["confidence"] = "confidence"
    measure: Of | Literal["mean_logprob", "likelihood", "p_true"] = "bottom_groups"
    """Of token confidences mean, tail, bottom_groups (of windows), lowest_group; self_certainty;
    mean_logprob or likelihood of the text; p_true: the model is asked whether it is right."""
    window: int = Field(default=2048, ge=1, le=100_000_000)
    """Tokens of a group, and of the tail."""
    share: float = Field(default=0.1, gt=0, le=1)
    """Which share of the groups bottom_groups is the mean of, the lowest ones."""
    top: int = Field(default=20, ge=1, le=20)
    """Likeliest tokens at each place whose log-probabilities make its confidence (k)."""
    vocabulary: int | None = Field(default=None, ge=2, le=100_000_000)
    """Tokens that the model knows, for self_certainty; without it, over the `top` alone."""
    scale: float = Field(default=10.0, gt=0, le=1e6)
    """A confidence of so many nats scores one half: score = raw / (raw + scale)."""
    prompt: str | None = None
    """Prompt template for p_true, with {{ question }} and {{ solution }}; p-true without one."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1} if self._asks else {}

    @property
    def _asks(self) -> bool:
        return self.measure == "p_true"

    def lacks(self, sampler: Any) -> tuple[str, str] | None:
        kept = getattr(sampler, "top_logprobs", 0)
        if self._asks:
            return None
        if self.measure in _OF_THE_TEXT:
            some = kept or getattr(sampler, "logprobs", False)
            return None if some else ("logprobs", "reads log-probabilities; set logprobs: true")
        needs = f"reads the {self.top} likeliest tokens at each place; set top_logprobs: {self.top}"
        return None if kept >= self.top else ("top_logprobs", needs)

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        return super().most_samples(solutions) if self._asks else {}

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt or "p-true"} if self._asks else {}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        if not self._asks:
            return ()
        return (self.in_a_token(self.prompt or "p-true", min(self.top, offers.logprobs)),)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        chosen = solutions[: self.solutions]
        if not self._asks:
            return [self._said(solution, self._raw(attempt, solution)) for solution in chosen]
        return await self.said_of(attempt, chosen, self.prompt or "p-true", TRUE_FALSE)

    def _raw(self, attempt: Attempt, solution: Solution) -> float | None:
        """The measure in nats; None where the solution has no probabilities."""
        measure, mean = self.measure, solution.mean_logprob
        if measure == "mean_logprob":
            return mean
        if measure == "likelihood":
            return None if mean is None else mean * solution.completion_tokens
        assert measure != "p_true"
        tokens = [t for one in attempt.samples(solution) for t in one.completion.logprobs]
        return measured(tokens, measure, self.window, self.share, self.top, self.vocabulary)

    def _said(self, solution: Solution, raw: float | None) -> Verification:
        reason = "no_logprobs" if raw is None else "read"
        score = None if raw is None else self._squashed(raw)
        return self.verification(solution, 0, (), score=score, finish_reason=reason, raw=raw)

    def _squashed(self, raw: float) -> float:
        """From 0 to 1, in the same order: a probability, or of a confidence its part of a scale."""
        if self.measure in _OF_THE_TEXT:
            return math.exp(min(raw, 0.0))
        return max(0.0, raw) / (max(0.0, raw) + self.scale)
