"""Budget forcing (s1, arXiv 2501.19393): thoughts of a set length, cut off or made to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ttc.core import Attempt, Role, SamplingParams, Solution
from ttc.prompts import load_prompt
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.drafts import DraftSampler, leading
from ttc.samplers.search.thoughts import Marks, Thought, grow


def _rising(lengths: tuple[int, ...]) -> tuple[int, ...]:
    if list(lengths) != sorted(set(lengths)):
        raise ValueError("must rise, as in [64, 128, 256]")
    return lengths


Lengths = Annotated[
    tuple[Annotated[int, Field(ge=0, le=100_000_000)], ...],
    Field(min_length=1),
    AfterValidator(_rising),
]


@register
class BudgetForce(DraftSampler):
    """S thoughts, each of which is cut off at every length L and answered there by force.

    A longer thought goes on from the shorter one. Answer number k of an attempt, in the table
    `answers`, is the vote of the S at `thinking[k]`, and solution k S + s is that of thought s; the
    solution's tokens are those of a run with this length alone.
    """

    continues: ClassVar[bool] = True

    type: Literal["budget-force"] = "budget-force"
    thinking: Lengths
    """L: tokens of a thought at most, one or several lengths."""
    solutions: int = Field(default=1, ge=1, le=100_000)
    """S: thoughts."""
    waits: int = Field(default=0, ge=0, le=1000)
    """How often a thought that would end before L is made to go on."""
    wait: str = "Wait"
    """What is put in place of its end."""
    opening: str = "<think>\n"
    """What a thought begins with; empty where the prompt opens it or there is no mark."""
    end: str = "</think>"
    """What ends a thought."""
    force: str = "\n\nThe final answer is"
    """What follows that, where a thought was cut off."""
    max_tokens: int = Field(default=1024, ge=1, le=100_000_000)
    """Longest answer in tokens, behind the thought."""
    stop: tuple[str, ...] = ()
    """Texts that end an answer; those of the prompt template end thoughts, too."""

    def longest(self) -> Mapping[Role, int]:
        return {"solver": max(self.max_tokens, *self.thinking)}

    def growing(self) -> Mapping[Role, Growing]:
        marks = "".join((self.opening, self.end, self.force, "\n", self.wait * self.waits))
        return {"solver": Growing((self.prompt,), self.thinking[-1] + len(marks.encode()))}

    @property
    def first_longest(self) -> str:
        return "thinking" if self.thinking[0] else "max_tokens"

    def most_solutions(self) -> int:
        return self.solutions * len(self.thinking)

    def most_samples(self) -> Mapping[Role, int]:
        return {"solver": self.solutions * (2 * len(self.thinking) + self.waits)}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        first, template = self.begin(attempt), self.prompt or attempt.default_prompt
        thinks = replace(first.params, stop=load_prompt(template).stop)
        marks = Marks(self.opening, self.end, self.force, self.wait)
        thoughts = [Thought(first.prompt, marks, self.waits) for _ in range(self.solutions)]
        found: list[Solution] = []
        latest: dict[int, Solution] = {}
        for length in self.thinking:
            await grow(attempt, thoughts, thinks, length)
            if attempt.refused:
                break
            answers = await self._answers(attempt, thoughts, latest, first.params)
            found += answers.values()
            latest |= answers
            if latest:
                attempt.answer(leading(attempt, [latest[i] for i in sorted(latest)]))
        return found

    async def _answers(
        self,
        attempt: Attempt,
        thoughts: Sequence[Thought],
        latest: Mapping[int, Solution],
        params: SamplingParams,
    ) -> dict[int, Solution]:
        """By thought, its answer as it is now; fewer where the budget ends. What has not grown has
        the answer that it had, and a reply that ended without a mark is its own.
        """
        new = [i for i, one in enumerate(thoughts) if one.grown and not one.over]
        rows = await attempt.sample(*[thoughts[i].answer(params) for i in new]) if new else []
        said = {i: row[0] for i, row in zip(new, rows, strict=True) if row}
        answers: dict[int, Solution] = {}
        for i, thought in enumerate(thoughts):
            if i in said:
                steps = thought.with_answer(said[i].completion.text)
                made_of = [*thought.samples, said[i]]
                answers[i] = attempt.solution("".join(steps), made_of, steps)
                thought.grown = False
            elif thought.over:
                answers[i] = attempt.solution(thought.marks.opening + thought.text, thought.samples)
            elif i in latest and not thought.grown:
                old = latest[i]
                answers[i] = attempt.solution(old.text, attempt.samples(old), old.steps)
        return answers
