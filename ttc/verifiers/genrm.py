"""Generative verification: a model judges each solution in words and ends in Yes or No."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Self

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
from ttc.thinking import after_thinking, opening_mark, without_thinking
from ttc.verdicts import ScoreMode, p_yes_at_verdict, parse_verdict, score
from ttc.verifiers import VerifierPart

# The verdict stands near the end; more tokens leave room for a sentence or two behind it. A journal
# keeps them all, so there are none to spare.
_VERDICT_TAIL = 64


@register
class GenRM(VerifierPart):
    """A generative verifier writes V verifications of each solution (arXiv 2504.01005)."""

    type: Literal["genrm"] = "genrm"
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
    score: ScoreMode = "hybrid"
    """binary: the verdict; logprob: P(Yes) at the verdict; hybrid: P(Yes), else the verdict."""
    logprobs: int = Field(default=5, ge=0, le=20)
    """Top alternatives asked for at each token, to read P(Yes); unused by binary scores."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1} if self.score == "logprob" else {}

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        return {"verifier": self.verifications * min(solutions, self.solutions or solutions)}

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt}

    def fewer(self, solutions: int, verifications: int) -> Self:
        least = min(solutions, self.solutions or solutions)
        changes = {"solutions": least, "verifications": min(verifications, self.verifications)}
        return self.model_copy(update=changes)

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        params = SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(self.prompt).stop, *self.stop),
            logprobs=self._alternatives(offers),
            keep_logprobs=_VERDICT_TAIL,
        )
        return (params,)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        template = load_prompt(self.prompt)
        (params,) = self.asks(attempt.capabilities())
        chosen = solutions[: self.solutions]
        shown = [without_thinking(s.text) for s in chosen]
        prompts = [render_problem(template, attempt.problem, solution=text) for text in shown]
        rows = await attempt.sample(*[Ask(p, params, self.verifications) for p in prompts])
        openings = [opening_mark((p.text or "") + p.prefill) for p in prompts]
        return [
            self._read(solution, i, sample.completion, opening)
            for solution, opening, row in zip(chosen, openings, rows, strict=True)
            for i, sample in enumerate(row)
        ]

    def _alternatives(self, offers: Capabilities) -> int | None:
        """Top alternatives per token to ask for; None where no probabilities are used or had."""
        most = offers.logprobs
        return None if self.score == "binary" or not most else min(self.logprobs, most)

    def _read(self, solution: Solution, index: int, c: Completion, opening: str) -> Verification:
        """One verification. opening: the mark of a thought that the prompt ends in, or nothing."""
        cut_off = bool(opening) and after_thinking(opening + c.text) is None
        verdict = None if cut_off else parse_verdict(c.text)
        p_yes = None if cut_off else p_yes_at_verdict(c.logprobs, c.text)
        mark = score(verdict, p_yes, self.score)
        return self.verification(solution, index, [c], verdict=verdict, p_yes=p_yes, score=mark)
