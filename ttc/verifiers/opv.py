"""OPV (arXiv 2512.10756): a solution is summarised in steps, and the first wrong one is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import Field

from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Role,
    Sample,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.prompts import load_prompt, render_problem
from ttc.registry import register
from ttc.steps import StepRule
from ttc.thinking import after_thinking, without_thinking
from ttc.verdicts.boxed import boxed_index
from ttc.verdicts.steps import numbered, pieces_of, read_numbered
from ttc.verifiers.turns import turns, whole_first
from ttc.verifiers.written import Written


@dataclass
class _Judged:
    """A solution, the sample of its summary, if one was asked for, its steps, and votes on them.

    steps: none where no numbered ones can be read in the summary.
    """

    solution: Solution
    summary: Sample | None
    steps: Sequence[str]
    votes: list[Sample] = field(default_factory=list)


@register
class OPV(Written):
    """Summarises a solution in steps and names the first wrong one, V times; -1 where none is."""

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {"prompt": frozenset({"summary"})}

    type: Literal["opv"] = "opv"
    verifications: int = Field(default=8, ge=1, le=1_000_000)
    """Votes on the first wrong step of one summary (V)."""
    prompt: str = "opv"
    """Prompt template with {{ question }} and {{ summary }}: a shipped name or a file."""
    summary_prompt: str | None = "opv-summary"
    """Prompt template of the summary, with {{ question }} and {{ solution }}; null: the solution's
    own steps are judged."""
    summary_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest summary in tokens; it is sampled at temperature 0."""
    steps: StepRule = "blank_line"
    """Where steps end that are not summarised: blank_line, line, or begins:TEXT."""

    @property
    def reads_probabilities(self) -> bool:
        return False

    def most_samples(self, solutions: int) -> Mapping[Role, int]:
        each = self.verifications + (0 if self.summary_prompt is None else 1)
        return {"verifier": self.judged(solutions) * each}

    def templates(self) -> Mapping[Role, str]:
        return {}

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        vote = self.params(offers)
        if self.summary_prompt is None:
            return (vote,)
        stop = (*load_prompt(self.summary_prompt).stop, *self.stop)
        summary = SamplingParams(temperature=0.0, max_tokens=self.summary_tokens, stop=stop)
        return vote, summary

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        chosen = solutions[: self.solutions]
        whole: list[_Judged] = []
        # Without summaries there is one stage, and nothing to wait for.
        turned, first = (
            (turns(chosen), 1) if self.summary_prompt else ([chosen], self.verifications)
        )
        for turn in turned:
            items = await self._summarised(attempt, turn)
            await self._vote(attempt, items, first)
            done = whole_first(items, lambda one: bool(one.votes) or not one.steps)
            whole += done
            if len(done) < len(turn):
                break
        await self._vote(attempt, whole, self.verifications - first)
        return [one for item in whole for one in self._said(item)]

    async def _summarised(self, attempt: Attempt, solutions: Sequence[Solution]) -> list[_Judged]:
        """What is to be judged, as far as the budget lets it be summarised."""
        if self.summary_prompt is None:
            return [_Judged(s, None, [*pieces_of(s, self.steps)]) for s in solutions]
        template = load_prompt(self.summary_prompt)
        _, params = self.asks(attempt.capabilities())
        shown = [without_thinking(s.text) for s in solutions]
        prompts = [render_problem(template, attempt.problem, solution=text) for text in shown]
        rows = await attempt.sample(*[Ask(prompt, params) for prompt in prompts])
        return [
            _Judged(s, row[0], read_numbered(after_thinking(row[0].completion.text) or "", 0))
            for s, row in zip(solutions, rows, strict=True)
            if row
        ]

    async def _vote(self, attempt: Attempt, items: Sequence[_Judged], n: int) -> None:
        """So many votes more on each that has steps."""
        params, *_ = self.asks(attempt.capabilities())
        template = load_prompt(self.prompt)
        going = [one for one in items if one.steps and n]
        shown = [numbered(one.steps, 0) for one in going]
        prompts = [render_problem(template, attempt.problem, summary=text) for text in shown]
        asks = [
            Ask(prompt, params, n, after=one.summary)
            for prompt, one in zip(prompts, going, strict=True)
        ]
        for one, row in zip(going, await attempt.sample(*asks), strict=True):
            one.votes += row

    def _said(self, item: _Judged) -> list[Verification]:
        before = [] if item.summary is None else [item.summary]
        if not item.steps:
            return [self._unread(item.solution, before)]
        return [
            self._read(item.solution, i, item.steps, before if i == 0 else [], sample)
            for i, sample in enumerate(item.votes)
        ]

    def _read(
        self,
        solution: Solution,
        index: int,
        steps: Sequence[str],
        before: Sequence[Sample],
        vote: Sample,
    ) -> Verification:
        """A vote. before: the sample of the summary, which the first vote is charged with."""
        first = boxed_index(vote.completion.text)
        valid = first is not None and -1 <= first < len(steps)
        wrong = first if valid and first != -1 else None
        reached = len(steps) if wrong is None else wrong
        return self.made(
            solution,
            index,
            [*before, vote],
            text=f"{numbered(steps, 0)}\n\n{vote.completion.text}",
            verdict=wrong is None if valid else None,
            score=float(wrong is None) if valid else None,
            step_scores=tuple(float(i < reached) for i in range(len(steps))) if valid else (),
            first_wrong_step=wrong,
        )

    def _unread(self, solution: Solution, before: Sequence[Sample]) -> Verification:
        """What a summary without steps leaves: one invalid verification."""
        return self.made(solution, 0, before)
