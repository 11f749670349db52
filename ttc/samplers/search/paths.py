"""Solutions that grow step by step, scored by a process reward: what all step searches share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from pydantic import Field

from ttc.answers.announced import final_answer
from ttc.answers.extraction import boxed
from ttc.answers.structure import is_value
from ttc.core import Ask, Attempt, Prompt, Read, Reading, Role, Sample, SamplingParams, Solution
from ttc.prompts import load_prompt, render_problem
from ttc.refs import BackendRef
from ttc.rewards import Aggregate, aggregated, fault_of
from ttc.samplers import Growing, SamplerPart
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

    @property
    def failed(self) -> bool:
        """Whether the sample that was to go on with it failed: it is no solution."""
        return bool(self.samples and self.samples[-1].completion.error)

    def ask(self, params: SamplingParams, n: int = 1, by: str = "backend") -> Ask:
        """`n` continuations of it, one step each where `params` stop at a step's end."""
        prompt = replace(self.prompt, prefill=self.prompt.prefill + self.text)
        return Ask(prompt, params, n, by, self.last)

    def then(self, sample: Sample, mark: str = "") -> Path:
        """It with a step more. mark: the stop text between steps.

        It has ended where the sample did so by itself, by another stop text, at its longest, or for
        an error. A server that returns the mark too, or more behind it, has it cut off. One that
        does not say what stopped a sample leaves open whether that was the end: there it is one
        where the step announces the answer, or else the step that comes next is empty.
        """
        done = sample.completion
        words, found, _ = done.text.partition(mark) if mark else (done.text, "", "")
        told = mark if found else done.stopped_by
        ends = not mark or told not in (None, mark) or not (found or done.finish_reason == "stop")
        if told is None and (not words or announces(words)):
            ends = True
        # Of a mark that begins a step ("\nStep"), the step's own words are written anew.
        parted = "" if ends else (mark if not mark.strip() else "\n")
        text = self.text + words + parted
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


def announces(step: str) -> bool:
    """Whether a step says what the answer is."""
    return boxed(step) is not None or final_answer(step, is_value) is not None


class StepSampler(SamplerPart):
    """Base of samplers that write solutions step by step and have each step scored."""

    roles: ClassVar[Mapping[str, Role]] = {"prm": "reward"}
    continues: ClassVar[bool] = True
    prompt_models: ClassVar[Mapping[str, str]] = {"prm_prompt": "prm"}

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

    def growing(self) -> Mapping[Role, Growing]:
        step = self.step_tokens + len(self.mark.encode())
        return {
            "solver": Growing((self.prompt,), (self.most_steps - 1) * step),
            "reward": Growing((self.prm_prompt,), self.most_steps * step),
        }

    @property
    def first_longest(self) -> str:
        return "step_tokens"

    @property
    def mark(self) -> str:
        """The text that parts steps, at which samples stop."""
        return stop_of(self.steps)

    def begin(self, attempt: Attempt) -> Path:
        """The path without a step."""
        template = load_prompt(self.prompt or attempt.default_prompt)
        return Path(render_problem(template, attempt.problem), self.steps)

    def params(
        self, attempt: Attempt, to_the_end: bool = False, greedy: bool = False
    ) -> SamplingParams:
        """How a step is sampled, or all that is left of a solution."""
        template = load_prompt(self.prompt or attempt.default_prompt)
        marks = () if to_the_end else (self.mark,)
        return SamplingParams(
            temperature=0.0 if greedy else self.temperature,
            top_p=self.top_p,
            max_tokens=self.step_tokens,
            stop=(*template.stop, *marks),
        )

    async def grow(
        self,
        attempt: Attempt,
        paths: Sequence[Path],
        n: int | Sequence[int] = 1,
        step: int = 0,
        greedy: bool = False,
    ) -> list[list[Path]]:
        """`n` children of each path, in one request; fewer where the budget ends. Paths that have
        ended have themselves for their only child. n: one number for all, or one for each path;
        step: which one this is, counted from 0.
        """
        last = step >= self.most_steps - 1
        params, mark = self.params(attempt, last, greedy), "" if last else self.mark
        counts = [n] * len(paths) if isinstance(n, int) else n
        pairs = zip(paths, counts, strict=True)
        asks = [path.ask(params, count) for path, count in pairs if not path.ended]
        rows = iter(await attempt.sample(*asks) if asks else ())
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

    async def judged(
        self, attempt: Attempt, paths: Sequence[Path], step: int = 0, ahead: int = 0
    ) -> list[Path]:
        """All the paths, with scores as far as the budget buys them.

        ahead: that of a path which goes on is what it has after so many steps more, which are the
        likeliest (temperature 0) and are written for this only (look-ahead, arXiv 2408.03314).
        step: which one their last one is.
        """
        seen = list(paths)
        for more in range(1, ahead + 1):
            rows = await self.grow(attempt, seen, 1, step + more, greedy=True)
            seen = [
                row[0] if row and not row[0].failed else p
                for row, p in zip(rows, seen, strict=True)
            ]
        scored = await self.score(attempt, seen)
        known = [
            replace(path, scores=one.scores, fault=one.fault)
            for path, one in zip(paths, scored, strict=False)
        ]
        return [*known, *paths[len(known) :]]

    def rank(self, path: Path) -> tuple[bool, bool, float]:
        """By which paths are ordered, the best one last: whether it has ended, whether it has a
        score, and the score. One whose score failed comes behind all others, whatever they have.
        """
        value = self.value(path)
        return path.ended, value is not None, 0.0 if value is None else value
