"""Answers compared with a reference by tools: units, constants, figures (arXiv 2512.01224)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field

from ttc.answers import AnswerRule
from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Completion,
    Problem,
    Role,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.errors import DataError
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.verifiers import VerifierPart

_SCIENCE = AnswerRule.model_validate({"equivalence": "science"})


@register
class ToolAnswer(VerifierPart):
    """Compares each answer with a reference by tools for science (arXiv 2512.01224).

    Gold answers are out of a verifier's reach. The reference is one that the problem's metadata
    hold, or the answer that the verifier's model gives; then each verification is a new one.
    """

    waves: ClassVar[int | None] = 1

    type: Literal["tool-answer"] = "tool-answer"
    reference: str = Field(default="", max_length=200)
    """Metadata of the problem that hold a reference answer; the model is asked where none is
    named."""
    verifications: int = Field(default=4, ge=1, le=1_000_000)
    """Reference answers of the model for each solution (V)."""
    prompt: str = "cot"
    """Prompt template that the model is asked with, as one that solves: a shipped name or a
    file."""
    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of the model's reference answers."""
    max_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest text that ends in a reference answer, in tokens."""
    answers: AnswerRule = _SCIENCE
    """How references are read and compared; `science` knows units, significant figures and
    constants."""
    units: Literal["optional", "required"] = "optional"
    """required: an answer without a unit is wrong where the reference has one."""

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        return {} if self.reference else {"verifier": self.verifications * solutions}

    def templates(self) -> Mapping[Role, str]:
        return {} if self.reference else {"verifier": self.prompt}

    def fewer(self, solutions: int, verifications: int) -> Self:
        least = min(verifications, self.verifications)
        return self.model_copy(update={"verifications": least})

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        if self.reference:
            return ()
        stop, longest = load_prompt(self.prompt).stop, self.max_tokens
        return (SamplingParams(temperature=self.temperature, max_tokens=longest, stop=stop),)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        if self.reference:
            reference = self._given(attempt.problem)
            return [self._judgement(solution, 0, reference, None) for solution in solutions]
        (params,) = self.asks(attempt.capabilities())
        prompt = render_problem(load_prompt(self.prompt), attempt.problem)
        rows = await attempt.sample(*[Ask(prompt, params, self.verifications) for _ in solutions])
        return [
            self._judgement(solution, i, self.answers.extract(c.text), c)
            for solution, row in zip(solutions, rows, strict=True)
            for i, c in enumerate(sample.completion for sample in row)
        ]

    def _given(self, problem: Problem) -> str:
        """Raises `DataError` where the problem has none."""
        reference = problem.metadata.get(self.reference)
        if reference is None or not str(reference).strip():
            raise DataError(
                f"verifier {self.label}: problem {problem.id!r:.80} has no {self.reference!r} "
                "among its metadata; name its column under `dataset.columns.metadata`"
            )
        return str(reference)

    def _judgement(
        self, solution: Solution, index: int, reference: str | None, asked: Completion | None
    ) -> Verification:
        """No score where the model gave no reference; an answer that is missing is wrong."""
        answer = solution.answer or self.answers.extract(solution.text)
        same = None if reference is None else self._same(answer, reference)
        sign = {None: "is not comparable with", True: "is", False: "is not"}[same]
        return self.verification(
            solution,
            index,
            [asked] if asked else [],
            text=f"{answer or 'no answer'} {sign} {reference or 'no reference'}",
            verdict=same,
            score=None if same is None else float(same),
        )

    def _same(self, answer: str | None, reference: str) -> bool:
        from ttc.answers.quantities import has_unit

        if answer and self.units == "required" and has_unit(reference) and not has_unit(answer):
            return False
        return self.answers.equivalent(answer, reference)
