"""Solutions written whole and then anew: what samplers that draft and revise share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from ttc.core import Ask, Attempt, Role, Sample, SamplingParams, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.samplers import SamplerPart


class DraftSampler(SamplerPart):
    """Base of samplers that write whole solutions, each by the problem's prompt or by another."""

    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of solutions."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling."""
    max_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest solution in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a solution; those of the prompt template are added."""
    prompt: str | None = None
    """Prompt template: a shipped name or a file; the dataset's own where none is named."""

    def longest(self) -> Mapping[Role, int]:
        return {"solver": self.max_tokens}

    def params(self, prompt: str) -> SamplingParams:
        """How a solution is sampled by a template."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(prompt).stop, *self.stop),
        )

    def begin(self, attempt: Attempt, n: int = 1) -> Ask:
        """First drafts, by the problem's prompt."""
        return self.anew(attempt, self.prompt or attempt.default_prompt, n)

    def anew(
        self,
        attempt: Attempt,
        prompt: str,
        n: int = 1,
        *,
        by: str = "backend",
        after: Sample | None = None,
        show: Mapping[str, str] | None = None,
    ) -> Ask:
        """Solutions by a template. show: the variables by which it shows what there is so far."""
        shown = render_problem(load_prompt(prompt), attempt.problem, **(show or {}))
        return Ask(shown, self.params(prompt), n, by, after)

    async def drafts(self, attempt: Attempt, n: int) -> list[Solution]:
        """So many first drafts; fewer where the budget ends."""
        (samples,) = await attempt.sample(self.begin(attempt, n))
        return [attempt.solution(one.completion.text, [one]) for one in samples]


def continued(ask: Ask, kept: str, after: Sample) -> Ask:
    """The ask with the beginning of an answer, which is that of an earlier sample."""
    prompt = replace(ask.prompt, prefill=ask.prompt.prefill + kept)
    return replace(ask, prompt=prompt, after=after)


def leading(attempt: Attempt, solutions: Sequence[Solution]) -> Solution:
    """The first solution of the answer that most of them have; the last one if none has any."""
    classes = attempt.classes(solutions)
    counts = np.bincount(classes[classes >= 0])
    if not len(counts):
        return solutions[-1]
    # Ties go to what came first.
    best = max((int(c) for c in classes if c >= 0), key=lambda c: counts[c])
    return solutions[int(np.flatnonzero(classes == best)[0])]
