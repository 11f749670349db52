"""Generative verification: a model judges each solution in words and ends in Yes or No."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from ttc.core import Ask, Attempt, Completion, Prompt, Role, Sample, Solution, Verification
from ttc.errors import UsageError
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.thinking import after_thinking, opening_mark, without_thinking
from ttc.verdicts import p_yes_at_verdict, parse_verdict, score
from ttc.verdicts.boxed import boxed_grade
from ttc.verdicts.ratings import Scale, bounds, expected_rating
from ttc.verifiers.written import Written

_Said = tuple[bool | None, float | None, float | None]
"""Verdict, P(Yes), score."""


@register
class GenRM(Written):
    """A generative verifier writes V verifications of each solution (arXiv 2504.01005)."""

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"solution", "criterion"})
    }
    later: ClassVar[frozenset[str]] = frozenset({"scale", "criteria"})
    waves: ClassVar[int | None] = 1

    type: Literal["genrm"] = "genrm"
    score: Literal["binary", "logprob", "hybrid", "boxed", "expectation"] = "hybrid"
    """binary: the verdict; logprob: P(Yes) at the verdict; hybrid: P(Yes), else the verdict;
    boxed: 0, 0.5 or 1 in the last box, of which 1 is a yes (DeepSeekMath-V2); expectation: of a
    number on a scale, over the probabilities of all its numbers, of which the upper half is a
    yes."""
    scale: Scale = "1-5"
    """The numbers that expectation scores are of, which the prompt must ask for."""
    criteria: tuple[str, ...] | None = Field(default=None, min_length=1)
    """What is judged, one sample each: texts for {{ criterion }} in the prompt. A verification has
    the mean of their scores; it is invalid where one is."""
    logprobs: int = Field(default=5, ge=0, le=20)
    """Top alternatives asked for at each token, to read P(Yes), and at least all numbers of a
    scale; unused by binary and boxed scores."""

    @model_validator(mode="after")
    def _criteria_have_a_place(self) -> Self:
        try:
            shown = load_prompt(self.prompt).shows("criterion")
        except UsageError:  # of which recipes are told by themselves
            return self
        if shown != bool(self.criteria):
            why = "has a place for a {{ criterion }}" if shown else "has no {{ criterion }}"
            raise ValueError(f"the prompt {self.prompt!r} {why}: see `criteria`")
        return self

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1} if self.score in ("logprob", "expectation") else {}

    @property
    def reads_probabilities(self) -> bool:
        return self.score not in ("binary", "boxed")

    @property
    def verdict_line(self) -> str:
        lines = {"boxed": "Score: \\boxed{1}", "expectation": f"Score: {bounds(self.scale)[1]}"}
        return lines.get(self.score, super().verdict_line)

    @property
    def most_alternatives(self) -> int:
        low, high = bounds(self.scale)
        return max(self.logprobs, high - low + 1) if self.score == "expectation" else self.logprobs

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        each = self.verifications * (len(self.criteria) if self.criteria else 1)
        return {"verifier": each * self.judged(solutions)}

    def templates(self) -> Mapping[Role, str]:
        return {} if self.criteria else {"verifier": self.prompt}

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        params = self.params(attempt.capabilities())
        chosen = solutions[: self.solutions]
        prompts = [self._prompts(attempt, solution) for solution in chosen]
        asks = [Ask(prompt, params, self.verifications) for one in prompts for prompt in one]
        rows = iter(await attempt.sample(*asks))
        return [
            self._read(solution, i, one, samples)
            for solution, one in zip(chosen, prompts, strict=True)
            # Of each verification a sample by each prompt, as far as there are as many of all.
            for i, samples in enumerate(zip(*[next(rows) for _ in one], strict=False))
        ]

    def _prompts(self, attempt: Attempt, solution: Solution) -> list[Prompt]:
        """One for each criterion, or the only one."""
        template, text = load_prompt(self.prompt), without_thinking(solution.text)
        criteria = [{"criterion": one} for one in self.criteria or ()] or [{}]
        return [render_problem(template, attempt.problem, solution=text, **one) for one in criteria]

    def _read(
        self, solution: Solution, index: int, prompts: Sequence[Prompt], samples: Sequence[Sample]
    ) -> Verification:
        """One verification, of one sample or of one for each criterion."""
        said = [self._said(p, s.completion) for p, s in zip(prompts, samples, strict=True)]
        verdict, p_yes, found = said[0]
        if len(said) > 1:
            verdict, p_yes, found = _mean([score for *_, score in said])
        return self.made(
            solution,
            index,
            samples,
            text="\n\n".join(sample.completion.text for sample in samples),
            verdict=verdict,
            p_yes=p_yes,
            score=found,
        )

    def _said(self, prompt: Prompt, c: Completion) -> _Said:
        opening = opening_mark((prompt.text or "") + prompt.prefill)
        if opening and after_thinking(opening + c.text) is None:  # cut off in its thoughts
            return None, None, None
        if self.score == "boxed":
            grade = boxed_grade(c.text)
            return None if grade is None else grade == 1, None, grade
        if self.score == "expectation":
            mean = expected_rating(c.text, c.logprobs, self.scale)
            return None if mean is None else mean > 0.5, None, mean
        verdict, p_yes = parse_verdict(c.text), p_yes_at_verdict(c.logprobs, c.text)
        return verdict, p_yes, score(verdict, p_yes, self.score)


def _mean(scores: Sequence[float | None]) -> _Said:
    """Of criteria, all of which must be known."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return None, None, None
    mean = sum(known) / len(known)
    return mean > 0.5, None, mean
