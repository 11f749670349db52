"""Pairwise judgement: which of two solutions is better, in both orders (arXiv 2501.13007)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import ClassVar, Literal, Self

from pydantic import Field

from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    Prompt,
    Role,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.thinking import without_thinking
from ttc.verdicts import score
from ttc.verdicts.letters import find_letter, p_first
from ttc.verifiers import VerifierPart

_TAIL = 64
_TIE = 0.5


@register
class Pairwise(VerifierPart):
    """One judgement for two solutions, each pair in both orders: for tournaments (2501.13007).

    Judges prefer what they are shown first, or second (2305.17926); that they are asked in both
    orders takes it out of the mean, and lets it be measured.
    """

    compares: ClassVar[bool] = True
    read_by: ClassVar[tuple[str, ...]] = ("knockout",)
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"solution_a", "solution_b"})
    }
    waves: ClassVar[int | None] = 1

    type: Literal["pairwise"] = "pairwise"
    solutions: int = Field(default=8, ge=2, le=1_000)
    """Compare the first so many solutions of each problem, each with each."""
    comparisons: int = Field(default=1, ge=1, le=10_000)
    """Judgements of each pair in each order."""
    orders: Literal["both", "one"] = "both"
    """both: each pair is shown in either order; one: the earlier solution comes first."""
    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of judgements."""
    max_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest judgement in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a judgement; those of the prompt template are added."""
    prompt: str = "pairwise"
    """Prompt template with {{ question }}, {{ solution_a }} and {{ solution_b }}."""
    score: Literal["binary", "hybrid"] = "hybrid"
    """binary: who is named; hybrid: P(A) against P(B) at that letter, else who is named."""
    logprobs: int = Field(default=5, ge=0, le=20)
    """Top alternatives asked for at each token, to read P(A); unused by binary scores."""

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        n = min(solutions, self.solutions)
        return {"verifier": n * (n - 1) // 2 * self.verifications}

    @property
    def verifications(self) -> int:
        """Judgements of each pair: what V counts."""
        return self.comparisons * (2 if self.orders == "both" else 1)

    def fewer(self, solutions: int, verifications: int) -> Self:
        changes = {
            "solutions": max(2, min(solutions, self.solutions)),
            "comparisons": min(verifications, self.comparisons),
        }
        return self.model_copy(update=changes)

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        reads = self.score != "binary" and offers.logprobs > 0
        params = SamplingParams(
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(self.prompt).stop, *self.stop),
            logprobs=min(self.logprobs, offers.logprobs) if reads else None,
            keep_logprobs=_TAIL,
        )
        return (params,)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        chosen = solutions[: self.solutions]
        # Where a budget ends it, the first solutions have all been compared with each other.
        pairs = [(a, b) for j, b in enumerate(chosen) for a in chosen[:j]]
        if self.orders == "both":
            pairs = [*chain.from_iterable(((a, b), (b, a)) for a, b in pairs)]
        (params,) = self.asks(attempt.capabilities())
        asks = [Ask(self._prompt(attempt, *pair), params, self.comparisons) for pair in pairs]
        rows = await attempt.sample(*asks)
        if self.orders == "both":  # a comparison in one order only would say who came first
            least = [min(map(len, both)) for both in zip(rows[::2], rows[1::2], strict=True)]
            rows = [row[: least[i // 2]] for i, row in enumerate(rows)]
        found: dict[int, list[Verification]] = {one.index: [] for one in chosen}
        for (first, second), row in zip(pairs, rows, strict=True):
            own = found[first.index]
            for sample in row:
                own.append(self._read(first, second, len(own), sample.completion))
        return [*chain.from_iterable(found.values())]

    def _prompt(self, attempt: Attempt, first: Solution, second: Solution) -> Prompt:
        return render_problem(
            load_prompt(self.prompt),
            attempt.problem,
            solution_a=without_thinking(first.text),
            solution_b=without_thinking(second.text),
        )

    def _read(self, first: Solution, second: Solution, index: int, c: Completion) -> Verification:
        found = find_letter(c.text)
        said = None if found is None else found.word
        p = p_first(c.text, c.logprobs)
        verdict = None if said in (None, "tie") else said == "A"
        return self.verification(
            first,
            index,
            [c],
            verdict=verdict,
            p_yes=p,
            score=_TIE if said == "tie" else score(verdict, p, self.score),
            against=second.index,
        )
