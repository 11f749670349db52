"""Solutions that grow step by step, scored by a process reward: what all step searches share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field

from ttc.core import Ask, Attempt, Prompt, Read, Reading, Role, Sample, SamplingParams, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.refs import BackendRef
from ttc.rewards import Aggregate, aggregated, fault_of
from ttc.samplers import SamplerPart
from ttc.steps import StepRule, closed, split_steps, stop_of


@dataclass(frozen=True, slots=True)
class Path:
    """A solution as far as it is written. prompt: what it stands behind; rule: where steps end.

    scores: of each step so far, from 0 to 1, or none where nobody has scored it or the score
    failed; fault: why, by the name that the tables have for it. ended: no step follows.
    """

    prompt: Prompt
    rule: str
    text: str = ""
    samples: tuple[Sample, ...] = ()
    scores: tuple[float, ...] = ()
    fault: str = ""
    ended: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        """Its steps; joined, they are the text."""
        return split_steps(self.text, self.rule)

    @property
    def last(self) -> Sample | None:
        """The sample that wrote its last step."""
        return self.samples[-1] if self.samples else None

    def ask(self, params: SamplingParams, n: int = 1, by: str = "backend") -> Ask:
        """`n` continuations of it, one step each where `params` stop at a step's end."""
        prompt = replace(self.prompt, prefill=self.prompt.prefill + self.text)
        return Ask(prompt, params, n, by, self.last)

    def then(self, sample: Sample, mark: str = "") -> Path:
        """It with a step more. mark: the stop text between steps.

        It has ended where the sample did so by itself, by another stop text, at its longest, or for
        an error. A server that does not say which stop text it was leaves that open; then the step
        that comes next is empty.
        """
        done = sample.completion
        ends = done.finish_reason != "stop" or done.stopped_by not in (None, mark)
        if not mark or (not done.text and done.stopped_by is None):
            ends = True
        # Of a mark that begins a step ("\nStep"), the step's own words are written anew.
        parted = "" if ends else (mark if not mark.strip() else "\n")
        text = self.text + done.text + parted
        return Path(self.prompt, self.rule, text, (*self.samples, sample), ended=ends)

    def read(self, prompt: Prompt, by: str) -> Reading:
        """A reading that scores its steps. prompt: what they stand behind for the reward model."""
        return Reading(prompt, closed(self.steps, self.rule), by=by, after=self.last)

    def scored(self, read: Read | None) -> Path:
        """It with the scores that a reading gave; None where there was nothing to read."""
        if read is None:
            return replace(self, scores=(), fault="no_steps")
        fault = fault_of(len(self.steps), read)
        return replace(self, scores=() if fault else read.scores, fault=fault)

    def solution(self, attempt: Attempt) -> Solution:
        """What it is by now, as a solution of the attempt."""
        return attempt.solution(self.text.rstrip(), self.samples, self.steps)


class StepSampler(SamplerPart):
    """Base of samplers that write solutions step by step and have each step scored."""

    roles: ClassVar[Mapping[str, Role]] = {"prm": "reward"}
    continues: ClassVar[bool] = True

    prm: BackendRef
    """The process reward model: a backend that scores steps."""
    prm_prompt: str = "prm-question"
    """Prompt template that the steps stand behind for it: a shipped name or a file."""
    prompt: str | None = None
    """Prompt template: a shipped name or a file; the dataset's own where none is named."""
    steps: StepRule = "blank_line"
    """Where steps end: blank_line, line, or begins:TEXT for lines that begin with a text."""
    most_steps: int = Field(default=40, ge=1, le=10_000)
    """Steps of a solution at most; the last one is written to the end of the text."""
    step_tokens: int = Field(default=2048, ge=1, le=100_000_000)
    """Longest step in tokens; what the budget reserves for each."""
    temperature: float = Field(default=0.8, ge=0, le=1000)
    """Sampling temperature of steps."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Nucleus sampling."""
    aggregate: Aggregate = "last"
    """A path's score of those of its steps: the last, their minimum, product or mean."""

    @property
    def needs(self) -> Mapping[str, int]:
        return {"stop": 1, "prm.step_scores": 1}

    def longest(self) -> Mapping[Role, int]:
        return {"solver": self.step_tokens, "reward": 0}

    @property
    def mark(self) -> str:
        """The text that parts steps, at which samples stop."""
        return stop_of(self.steps)

    def begin(self, attempt: Attempt) -> Path:
        """The path without a step."""
        template = load_prompt(self.prompt or attempt.default_prompt)
        return Path(render_problem(template, attempt.problem), self.steps)

    def params(self, attempt: Attempt, to_the_end: bool = False) -> SamplingParams:
        """How a step is sampled, or all that is left of a solution."""
        template = load_prompt(self.prompt or attempt.default_prompt)
        marks = () if to_the_end else (self.mark,)
        return SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.step_tokens,
            stop=(*template.stop, *marks),
        )

    async def grow(
        self, attempt: Attempt, paths: Sequence[Path], n: int = 1, step: int = 0
    ) -> list[list[Path]]:
        """`n` children of each path, in one request; fewer where the budget ends. Paths that have
        ended have themselves for their only child. step: which one this is, counted from 0.
        """
        last = step >= self.most_steps - 1
        params, mark = self.params(attempt, last), "" if last else self.mark
        going = [path for path in paths if not path.ended]
        rows = iter(await attempt.sample(*[p.ask(params, n) for p in going]) if going else ())
        return [[p] if p.ended else [p.then(one, mark) for one in next(rows)] for p in paths]

    async def score(self, attempt: Attempt, paths: Sequence[Path]) -> list[Path]:
        """The paths with their scores, in one request; fewer where the budget ends. Those that
        have scores keep them.
        """
        prompt = render_problem(load_prompt(self.prm_prompt), attempt.problem)
        new = [one for one in paths if not one.scores and one.steps]
        reads = await attempt.read(*[one.read(prompt, "prm") for one in new]) if new else []
        found = iter(reads)
        scored: list[Path] = []
        for one in paths:
            if one.scores:
                scored.append(one)
            elif not one.steps:
                scored.append(one.scored(None))
            elif (read := next(found, None)) is not None:
                scored.append(one.scored(read))
            else:
                break
        return scored

    def value(self, path: Path) -> float | None:
        """A path's score, from 0 to 1; None where it has none."""
        return aggregated(path.scores, self.aggregate) if path.scores else None
