"""Solutions written whole and then anew: what samplers that criticise and revise share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from pydantic import Field

from ttc.core import Ask, Attempt, Role, Sample, SamplingParams, Solution, Verification
from ttc.prompts import load_prompt, render_problem
from ttc.samplers import SamplerPart
from ttc.thinking import without_thinking
from ttc.verdicts.steps import pieces_of
from ttc.verifiers import VerifierPart


class DraftSampler(SamplerPart):
    """Base of samplers that write whole solutions, each by the problem's prompt or by another."""

    temperature: float = Field(default=0.7, ge=0, le=1000)
    """Sampling temperature of solutions."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling."""
    max_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest solution in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a solution; those of the prompt template are added."""
    prompt: str | None = None
    """Prompt template: a shipped name or a file; the dataset's own where none is named."""

    def longest(self) -> Mapping[Role, int]:
        return {"solver": self.max_tokens}

    def params(self, prompt: str) -> SamplingParams:
        """How a solution is sampled by a template."""
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(prompt).stop, *self.stop),
        )

    def begin(self, attempt: Attempt, n: int = 1) -> Ask:
        """First drafts, by the problem's prompt."""
        return self.anew(attempt, self.prompt or attempt.default_prompt, n)

    def anew(
        self,
        attempt: Attempt,
        prompt: str,
        n: int = 1,
        *,
        by: str = "backend",
        after: Sample | None = None,
        show: Mapping[str, str] | None = None,
    ) -> Ask:
        """Solutions by a template. show: the variables by which it shows what there is so far."""
        shown = render_problem(load_prompt(prompt), attempt.problem, **(show or {}))
        return Ask(shown, self.params(prompt), n, by, after)

    async def drafts(self, attempt: Attempt, n: int) -> list[Solution]:
        """So many first drafts; fewer where the budget ends."""
        (samples,) = await attempt.sample(self.begin(attempt, n))
        return [attempt.solution(one.completion.text, [one]) for one in samples]


async def judged(
    attempt: Attempt, critic: VerifierPart, solutions: Sequence[Solution]
) -> dict[int, list[Verification]]:
    """By solution index, a critic's own verdicts: none where the budget ended before it.

    What a critic has others judge on its way, such as another's analyses, is left out.
    """
    found: dict[int, list[Verification]] = {one.index: [] for one in solutions}
    for one in await attempt.judge(critic, solutions):
        if one.verifier == critic.label and one.of is None and one.against is None:
            found[one.solution_index].append(one)
    return found


def critic_samples(critic: VerifierPart, solutions: int) -> Mapping[Role, int] | None:
    """The most samples of a critic of so many solutions, by role; None: can't be told."""
    each = critic.most_samples(1)
    if each is None:
        return None
    return {"critic" if r == "verifier" else r: n * solutions for r, n in each.items()}


def mean_score(verdicts: Sequence[Verification]) -> float | None:
    """From 0 to 1, over the verdicts that could be read; None where none could."""
    scores = [one.score for one in verdicts if one.score is not None]
    return sum(scores) / len(scores) if scores else None


def worst(verdicts: Sequence[Verification]) -> Verification:
    """The verdict that scores least, the first of several; one without a score if all are."""
    return min(verdicts, key=lambda one: 2.0 if one.score is None else one.score)


def first_wrong(solution: Solution, verdict: Verification, steps: str) -> int | None:
    """Which of a solution's steps a verdict finds wrong first, from 0; None where it names none.

    steps: the rule that cuts them. Where no step is called wrong but steps have scores, it is the
    one that scores least.
    """
    pieces = pieces_of(solution, steps)
    place = verdict.first_wrong_step
    if place is None and verdict.step_scores:
        place = int(np.argmin(verdict.step_scores))
    return None if place is None or not pieces else min(place, len(pieces) - 1)


def kept_before(solution: Solution, verdict: Verification, steps: str) -> str:
    """What stands before the first step that a verdict finds wrong; nothing where it names none."""
    return "".join(pieces_of(solution, steps)[: first_wrong(solution, verdict, steps) or 0])


def criticism(solution: Solution, verdict: Verification, steps: str) -> str:
    """What a verdict says, behind the first step that it finds wrong; "" where it says nothing."""
    wrong = first_wrong(solution, verdict, steps)
    said = without_thinking(verdict.text)
    if wrong is None:
        return said
    return f"The first wrong step: {pieces_of(solution, steps)[wrong].strip()}\n\n{said}".strip()


def continued(ask: Ask, kept: str, after: Sample) -> Ask:
    """The ask with the beginning of an answer, which is that of an earlier sample."""
    prompt = replace(ask.prompt, prefill=ask.prompt.prefill + kept)
    return replace(ask, prompt=prompt, after=after)


def leading(attempt: Attempt, solutions: Sequence[Solution]) -> Solution:
    """The first solution of the answer that most of them have; the last one if none has any."""
    classes = attempt.classes(solutions)
    counts = np.bincount(classes[classes >= 0])
    if not len(counts):
        return solutions[-1]
    # Ties go to what came first.
    best = max((int(c) for c in classes if c >= 0), key=lambda c: counts[c])
    return solutions[int(np.flatnonzero(classes == best)[0])]
