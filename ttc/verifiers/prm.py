"""Process reward: a reward model scores each step of a solution (arXiv 2305.20050, 2312.08935)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from ttc.core import Attempt, Read, Reading, Role, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.rewards import Aggregate, aggregated, fault_of
from ttc.steps import StepRule, closed
from ttc.verdicts.steps import pieces_of
from ttc.verifiers.one_each import OneEach


@register
class PRM(OneEach):
    """A process reward model scores every step; the solution's score is made of these."""

    type: Literal["prm"] = "prm"
    prompt: str = "prm-question"
    """Prompt template that the steps stand behind: a shipped name or a file."""
    steps: StepRule = "blank_line"
    """Where steps end: blank_line, line, or begins:TEXT for lines that begin with a text."""
    aggregate: Aggregate = "last"
    """A solution's score of those of its steps: the last, their minimum, product or mean."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """A step that scores less is wrong; the verdict is yes where the solution scores as much."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"step_scores": 1}

    def longest(self) -> Mapping[Role, int]:
        return {"verifier": 0}

    def templates(self) -> Mapping[Role, str]:
        return {"verifier": self.prompt}

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        prompt = render_problem(load_prompt(self.prompt), attempt.problem)
        chosen = solutions[: self.solutions]
        steps = [self._steps(solution) for solution in chosen]
        reads = iter(await attempt.read(*[Reading(prompt, one) for one in steps if one]))
        found = []
        for solution, one in zip(chosen, steps, strict=True):
            read = next(reads, None) if one else Read(0, finish_reason="no_steps")
            if read is None:  # the budget is at its end
                break
            found.append(self._judge(solution, one, read))
        return found

    def _steps(self, solution: Solution) -> tuple[str, ...]:
        """What is scored: steps as the method knows them, else of what is visible of the text."""
        return closed(pieces_of(solution, self.steps), self.steps)

    def _judge(self, solution: Solution, steps: Sequence[str], read: Read) -> Verification:
        fault = fault_of(len(steps), read)
        scores = () if fault else read.scores
        score = aggregated(scores, self.aggregate) if scores else None
        wrong = (i for i, one in enumerate(scores) if one < self.threshold)
        return self.verification(
            solution,
            0,
            [read],
            verdict=None if score is None else score >= self.threshold,
            score=score,
            finish_reason=fault or read.finish_reason,
            step_scores=scores,
            first_wrong_step=next(wrong, None),
        )
