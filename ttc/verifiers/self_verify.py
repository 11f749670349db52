"""RISE (arXiv 2505.13445): the solver judges its own solution, in the same context or anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import model_validator

from ttc.core import Ask, Attempt, Prompt, Role, Sample, Solution, Verification
from ttc.errors import UsageError
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.thinking import after_thinking, opening_mark, without_thinking
from ttc.turns import next_turn
from ttc.verdicts import ScoreMode, p_yes_at_verdict, parse_verdict, score
from ttc.verifiers.written import Written


@register
class SelfVerify(Written):
    """The solver goes on and checks its own solution, V times (arXiv 2505.13445)."""

    waves: ClassVar[int | None] = 1

    type: Literal["self-verify"] = "self-verify"
    context: Literal["same", "new"] = "same"
    """same: the prompt is what follows the solution where it was written, a turn or a text; new:
    it begins anew, with {{ question }} and {{ solution }}."""
    prompt: str = "self-verify"
    """Prompt template: a shipped name or a file; raw where the solver's is raw."""
    score: ScoreMode = "hybrid"
    """binary: the verdict; logprob: P(Yes) at the verdict; hybrid: P(Yes), else the verdict."""

    @model_validator(mode="after")
    def _shows_the_solution(self) -> Self:
        try:
            shown = load_prompt(self.prompt).shows("solution")
        except UsageError:  # of which recipes are told by themselves
            return self
        if self.context == "new" and not shown:
            raise ValueError(
                f"in a new context the prompt {self.prompt!r} must show {{{{ solution }}}}, as "
                "genrm-base does"
            )
        return self

    @property
    def turn_prompts(self) -> frozenset[str]:
        return frozenset({"prompt"} if self.context == "same" else ())

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1} if self.score == "logprob" else {}

    @property
    def reads_probabilities(self) -> bool:
        return self.score != "binary"

    def templates(self) -> Mapping[Role, str]:
        return super().templates() if self.context == "new" else {}

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        params = self.params(attempt.capabilities())
        chosen = solutions[: self.solutions]
        prompts = [self._prompt(attempt, solution) for solution in chosen]
        asks = [Ask(p, params, self.verifications, after=last) for p, last in prompts]
        rows = await attempt.sample(*asks)
        return [
            self._read(solution, i, sample)
            for solution, row in zip(chosen, rows, strict=True)
            for i, sample in enumerate(row)
        ]

    def _prompt(self, attempt: Attempt, solution: Solution) -> tuple[Prompt, Sample | None]:
        """What is asked, and the sample that it goes on from."""
        text = without_thinking(solution.text)
        tail = render_problem(load_prompt(self.prompt), attempt.problem, solution=text)
        if self.context == "new":
            return tail, None
        made_of = attempt.samples(solution)
        if not made_of:
            raise UsageError(f"{self.type!r} needs solutions that a model wrote")
        last = made_of[-1]
        return next_turn(last, tail, self.type, ", or context: new"), last

    def _read(self, solution: Solution, index: int, sample: Sample) -> Verification:
        """One verification, read as GenRM's are."""
        done, prompt = sample.completion, sample.prompt
        opening = opening_mark((prompt.text or "") + prompt.prefill)
        verdict = p_yes = None
        if not opening or after_thinking(opening + done.text) is not None:
            verdict = parse_verdict(done.text)
            p_yes = p_yes_at_verdict(done.logprobs, done.text)
        mark = score(verdict, p_yes, self.score)
        return self.made(solution, index, [sample], verdict=verdict, p_yes=p_yes, score=mark)
