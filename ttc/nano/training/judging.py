"""What the later networks say about held-out solutions: the card's figures come from here.

All at temperature 1. What a program prints is worked out by `programs.printed`; experiments run it
in the sandbox.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ttc.nano import formats
from ttc.nano.engine import NanoModel
from ttc.nano.prompts import Header, judge_prompt, meta_prompt, pairwise_prompt
from ttc.nano.sampling import Sample, SampleJob
from ttc.nano.tasks import NanoProblem, final_answer
from ttc.nano.training.checks import exact_grade, first_wrong, split_lines
from ttc.nano.training.programs import printed

TOKENS = 256
_BOXED = re.compile(r"\\boxed\{([^{}\n]{1,12})\}")


@dataclass(frozen=True)
class Case:
    """A held-out problem and a solution of it, with exact labels."""

    problem: NanoProblem
    solution: str

    @cached_property
    def lines(self) -> list[str]:
        return split_lines(self.solution)

    @cached_property
    def right(self) -> bool:
        """Whether the answer is the gold one."""
        return final_answer(self.solution) == self.problem.answer

    @cached_property
    def first_wrong(self) -> int:
        """Of the lines, each judged from the one before; -1 for none."""
        return first_wrong(self.problem, self.lines)

    @cached_property
    def score(self) -> float:
        """1, 0.5 or 0."""
        return exact_grade(self.problem, self.lines).score


def ask(
    model: NanoModel,
    prompts: Sequence[str],
    samples: int = 1,
    tokens: int = TOKENS,
    stop: tuple[str, ...] = (),
    logprobs: int | None = None,
) -> list[list[Sample]]:
    """Samples of each prompt, seeds from 0; a prompt without room gives none."""
    room = model.info.context_length
    fits = [model.count_tokens(prompt) < room for prompt in prompts]
    seeds = tuple(range(samples))
    found = iter(
        model.sample(
            [
                SampleJob(prompt, seeds, tokens, stop=stop, logprobs=logprobs)
                for prompt, ok in zip(prompts, fits, strict=True)
                if ok
            ]
        )
    )
    return [next(found) if ok else [] for ok in fits]


def judge(
    model: NanoModel, header: Header, cases: Sequence[Case], samples: int = 1, logprobs: int = 0
) -> list[list[Sample]]:
    """What a network writes under a header."""
    prompts = [judge_prompt(header, case.problem.question, case.solution) for case in cases]
    return ask(model, prompts, samples, logprobs=logprobs or None)


def probability(sample: Sample, yes: str, no: str) -> float:
    """P(yes) / (P(yes) + P(no)) at the last token that is one of them; 0.5 where none is."""
    for text, _, top in reversed(sample.logprobs):
        if text in (yes, no):
            low = min(top.values())
            p, q = math.exp(top.get(yes, low)), math.exp(top.get(no, low))
            return p / (p + q)
    return 0.5


def expectation(sample: Sample) -> float:
    """Mean score over the probabilities of the scores at the first token; 0 without any."""
    top = sample.logprobs[0][2] if sample.logprobs else {}
    scores = {t: math.exp(p) for t, p in top.items() if t.strip().isdigit()}
    return sum(int(t) * p for t, p in scores.items()) / (sum(scores.values()) or 1.0)


def boxed(sample: Sample) -> str | None:
    """What the last box holds."""
    found = _BOXED.findall(sample.text)
    return found[-1] if found else None


@dataclass(frozen=True)
class Stepwise:
    """GenPRM on one solution: P(Yes) of each line, and what it said of it."""

    rewards: list[float]
    verdicts: list[bool]

    @property
    def first_wrong(self) -> int:
        """The first line called wrong, -1 for none."""
        return self.verdicts.index(False) if False in self.verdicts else -1


def genprm(model: NanoModel, cases: Sequence[Case], execute: bool) -> list[Stepwise]:
    """Every line judged once, its program's output shown or left out."""
    prompts = [
        judge_prompt("genprm", case.problem.question, "\n".join(case.lines[: i + 1]))
        for case in cases
        for i in range(len(case.lines))
    ]
    close = "</verify>\n"
    written = ask(model, prompts, stop=("</verify>",))
    told = []
    for prompt, samples in zip(prompts, written, strict=True):
        text = (samples[0].text if samples else "") + close
        output = formats.genprm_code_output(printed(text)) if execute else ""
        told.append(prompt + text + output)
    judged = iter(ask(model, told, logprobs=5))
    out = []
    for case in cases:
        said = [next(judged) for _ in case.lines]
        rewards = [probability(s[0], "Yes", "No") if s else 0.5 for s in said]
        out.append(Stepwise(rewards, [bool(s) and boxed(s[0]) == "Yes" for s in said]))
    return out


def again(
    model: NanoModel, cases: Sequence[Case], thoughts: Sequence[Sequence[Sample]]
) -> list[list[Sample]]:
    """One more round behind the first thought of each case (ThinkPRM's sequential scaling)."""
    prompts = []
    for case, samples in zip(cases, thoughts, strict=True):
        thought = (samples[0].text if samples else "").partition("</think>")[0]
        prompt = judge_prompt("thinkprm", case.problem.question, case.solution)
        prompts.append(prompt + thought + formats.TRIGGERS[0])
    return ask(model, prompts, logprobs=5)


def first_incorrect(sample: Sample) -> int:
    """The first step that a ThinkPRM text calls incorrect, in its last round; -1 for none."""
    boxes = _BOXED.findall(sample.text)
    return boxes.index("incorrect") if "incorrect" in boxes else -1


def opv(model: NanoModel, cases: Sequence[Case]) -> tuple[list[str], list[int | None]]:
    """Summaries, and the index of the first wrong step that a second call names."""
    written = judge(model, "opv-summary", cases)
    summaries = [s[0].text if s else "" for s in written]
    judged = ask(
        model,
        [judge_prompt("opv", c.problem.question, s) for c, s in zip(cases, summaries, strict=True)],
    )
    named = [boxed(s[0]) if s else None for s in judged]
    return summaries, [int(x) if x and x.lstrip("-").isdigit() else None for x in named]


def meta(model: NanoModel, cases: Sequence[Case], gradings: Sequence[str]) -> list[list[Sample]]:
    """Judgements of gradings."""
    return ask(
        model,
        [
            meta_prompt(case.problem.question, case.solution, text)
            for case, text in zip(cases, gradings, strict=True)
        ],
    )


def prefer_a(model: NanoModel, pairs: Sequence[tuple[Case, Case]]) -> list[float]:
    """P(A) / (P(A) + P(B)) of each pair."""
    prompts = [pairwise_prompt(a.problem.question, a.solution, b.solution) for a, b in pairs]
    said = ask(model, prompts, tokens=1, logprobs=5)
    return [probability(s[0], " A", " B") if s else 0.5 for s in said]
