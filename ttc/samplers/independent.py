"""Independent samples: the pool behind pass@k, majority vote and best-of-N."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field

from ttc.core import Ask, Attempt, Role, SamplingParams, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.samplers import SamplerPart


@register
class Independent(SamplerPart):
    """N solutions per problem, each sampled on its own from one prompt."""

    exchangeable: ClassVar[bool] = True
    waves: ClassVar[int | None] = 1
    later: ClassVar[frozenset[str]] = frozenset({"top_logprobs"})

    type: Literal["independent"] = "independent"
    solutions: int = Field(default=16, ge=1, le=1_000_000)
    """Solutions per problem (N)."""
    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature; 0 is greedy, which makes all solutions the same."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling: the smallest set of tokens with at least this probability."""
    top_k: int | None = Field(default=None, ge=1, lt=2**31)
    """Sample among the k likeliest tokens only, where the backend can."""
    max_tokens: int = Field(default=1024, ge=1, le=100_000_000)
    """Longest solution in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a solution; those of the prompt template are added."""
    prompt: str | None = None
    """Prompt template: a shipped name or a file; the dataset's own where none is named."""
    logprobs: bool = False
    """Ask for token probabilities, to store each solution's mean log probability."""
    top_logprobs: int = Field(default=0, ge=0, le=20)
    """Keep each token's probability and so many likeliest alternatives with the sample, for
    verifiers that read the solver's own probabilities, such as confidence. Journals grow by it."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": max(1, self.top_logprobs)} if self._reads_probabilities else {}

    @property
    def _reads_probabilities(self) -> bool:
        return self.logprobs or self.top_logprobs > 0

    def most_solutions(self) -> int:
        return self.solutions

    def most_samples(self) -> Mapping[Role, int]:
        return {"solver": self.solutions}

    def longest(self) -> Mapping[Role, int]:
        return {"solver": self.max_tokens}

    def templates(self) -> Mapping[Role, str | None]:
        return {"solver": self.prompt}

    def fewer(self, solutions: int) -> Self:
        return self.model_copy(update={"solutions": min(solutions, self.solutions)})

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        return await self.some(attempt, self.solutions)

    async def some(self, attempt: Attempt, n: int) -> list[Solution]:
        """So many solutions more, for methods that draw them bit by bit."""
        (drawn,) = await attempt.sample(self.ask(attempt, n))
        return [attempt.solution(sample.completion.text, [sample]) for sample in drawn]

    def ask(self, attempt: Attempt, n: int) -> Ask:
        """What to ask for so many solutions."""
        template = load_prompt(self.prompt or attempt.default_prompt)
        params = SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_tokens=self.max_tokens,
            stop=(*template.stop, *self.stop),
            logprobs=self.top_logprobs if self._reads_probabilities else None,
            keep_logprobs=None if self.top_logprobs else 0,
        )
        return Ask(render_problem(template, attempt.problem), params, n)
