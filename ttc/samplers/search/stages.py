"""Drafts that go through named stages, and who of them goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from ttc.core import Ask, Attempt, Sample, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.refs import CriticRef
from ttc.samplers.search.asking import Asking


class Stage(Asking):
    """One stage: what it is asked, how many drafts go on, and who judges them."""

    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {"prompt": frozenset({"before"})}

    name: str = Field(min_length=1, max_length=100)
    """What it is called, such as locate or patch."""
    prompt: str
    """Prompt template with {{ question }} and {{ before }}, what the stages before wrote: a shipped
    name or a file."""
    begins: str | None = Field(default=None, max_length=1000)
    """What parts its text from that of the stages before, which it goes on from. Where none is
    given, its text stands for itself: a whole answer."""
    samples: int = Field(default=4, ge=1, le=10_000)
    """Samples for each draft that the stage before handed on."""
    beam: int = Field(default=2, ge=1, le=10_000)
    """Drafts handed on: the best by the verifier, or by votes. Of the last stage one answers."""
    verifier: CriticRef | None = None
    """Who judges its drafts; where there is none, those that most samples gave are best."""

    def ask(self, attempt: Attempt, draft: Draft) -> Ask:
        """What it is asked for a draft."""
        template = load_prompt(self.prompt)
        params = self.params(template)
        return Ask(
            render_problem(template, attempt.problem, before=draft.text), params, self.samples
        )

    def grown(self, draft: Draft, row: Iterable[Sample]) -> list[Draft]:
        """The draft with what each sample wrote; those that failed are left out."""
        begun = "" if self.begins is None else draft.text + self.begins
        return [
            Draft(begun + sample.completion.text, (*draft.samples, sample))
            for sample in row
            if sample.completion.text.strip()
        ]

    async def judged(self, attempt: Attempt, drafts: Sequence[Draft]) -> list[Draft]:
        """Distinct drafts, the best first."""
        found: dict[str, Draft] = {}
        for draft in drafts:
            found.setdefault(draft.text, draft).votes += 1
        distinct = list(found.values())
        if self.verifier is not None and distinct:
            by_index = {draft.made(attempt).index: draft for draft in distinct}
            verdicts = await attempt.judge(
                self.verifier, [draft.made(attempt) for draft in distinct]
            )
            for index, draft in by_index.items():
                scores = [v.score for v in verdicts if v.solution_index == index]
                known = [score for score in scores if score is not None]
                draft.score = sum(known) / len(known) if known else None
        return ranked(distinct)


@dataclass
class Draft:
    """What the stages so far wrote, and the samples that it is made of.

    votes: samples that wrote it; score: from 0 to 1, None where nobody gave one.
    """

    text: str = ""
    samples: tuple[Sample, ...] = ()
    votes: int = 0
    score: float | None = None
    solution: Solution | None = None

    def made(self, attempt: Attempt) -> Solution:
        """It as a solution of the attempt, always the same one."""
        if self.solution is None:
            self.solution = attempt.solution(self.text, self.samples)
        return self.solution


def ranked(drafts: Iterable[Draft]) -> list[Draft]:
    """By score, then by votes, then in the order in which they came."""
    return sorted(
        drafts, key=lambda d: (-1.0 if d.score is None else d.score, d.votes), reverse=True
    )
