"""Heimdall (arXiv 2504.10337): a long chain of thought checks a solution and ends in 1 or 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import Ask, Attempt, Sample, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.thinking import after_thinking, opening_mark, without_thinking
from ttc.verdicts import ScoreMode, p_yes_at, score
from ttc.verdicts.answer_line import find_answer_line
from ttc.verifiers.written import Written


@register
class Heimdall(Written):
    """Checks at length and ends in `Answer: 1` or `Answer: 0`, M times for each solution."""

    waves: ClassVar[int | None] = 1

    type: Literal["heimdall"] = "heimdall"
    max_tokens: int = Field(default=32768, ge=1, le=100_000_000)
    """Longest verification in tokens; what the budget reserves for each."""
    prompt: str = "heimdall"
    """Prompt template with {{ question }} and {{ solution }}, which is shown without its thinking
    part: a shipped name or a file."""
    score: ScoreMode = "binary"
    """binary: the verdict, whose mean over M is the paper's score; logprob: P(1) at the verdict;
    hybrid: P(1), else the verdict."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"logprobs": 1} if self.score == "logprob" else {}

    @property
    def reads_probabilities(self) -> bool:
        return self.score != "binary"

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        template = load_prompt(self.prompt)
        params = self.params(attempt.capabilities())
        chosen = solutions[: self.solutions]
        shown = [without_thinking(s.text) for s in chosen]
        prompts = [render_problem(template, attempt.problem, solution=text) for text in shown]
        rows = await attempt.sample(*[Ask(p, params, self.verifications) for p in prompts])
        openings = [opening_mark((p.text or "") + p.prefill) for p in prompts]
        return [
            self._read(solution, i, sample, opening)
            for solution, opening, row in zip(chosen, openings, rows, strict=True)
            for i, sample in enumerate(row)
        ]

    def _read(self, solution: Solution, index: int, sample: Sample, opening: str) -> Verification:
        """One verification. opening: the mark of a thought that the prompt ends in, or nothing."""
        done = sample.completion
        cut_off = bool(opening) and after_thinking(opening + done.text) is None
        found = None if cut_off else find_answer_line(done.text)
        p_yes = None if found is None else p_yes_at(found, done.text, done.logprobs)
        verdict = None if found is None else found.says
        mark = score(verdict, p_yes, self.score)
        return self.made(solution, index, [sample], verdict=verdict, p_yes=p_yes, score=mark)
