"""Meta-verification (DeepSeekMath-V2, arXiv 2511.22570): alleged defects are verified in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from pydantic import Field

from ttc.core import (
    Ask,
    Attempt,
    Capabilities,
    Prompt,
    Role,
    Sample,
    SamplingParams,
    Solution,
    Verification,
)
from ttc.prompts import load_prompt, render_problem
from ttc.refs import CriticRef
from ttc.registry import register
from ttc.thinking import without_thinking
from ttc.verdicts.agreement import label_of, upheld
from ttc.verdicts.boxed import boxed_grade
from ttc.verifiers import VerifierPart


@dataclass
class _Doubt:
    """An analysis that finds a defect, and the verdicts on it."""

    said: Verification
    verdicts: Sequence[Sample]

    @property
    def scores(self) -> list[float | None]:
        return [boxed_grade(sample.completion.text) for sample in self.verdicts]


@register
class Meta(VerifierPart):
    """Labels a solution by the analyses of another verifier whose defects are confirmed."""

    roles: ClassVar[Mapping[str, Role]] = {"verifier": "grader"}
    prompt_variables: ClassVar[Mapping[str, frozenset[str]]] = {
        "prompt": frozenset({"solution", "verification"})
    }
    waves: ClassVar[int | None] = 1

    type: Literal["meta"] = "meta"
    verifier: CriticRef
    """Who analyses, such as a genrm with boxed scores; its analyses are stored under its name."""
    verdicts: int = Field(default=3, ge=1, le=1024)
    """Meta-verdicts on each analysis that scores below 1 (m)."""
    confirms: float = Field(default=0.5, gt=0, le=1)
    """A meta-verdict of 0, 0.5 or 1 that is as high confirms the analysis, which is valid where
    more than half of the readable ones do. 0.5: a defect of those alleged is real; 1: all are."""
    support: int = Field(default=1, ge=1, le=1_000_000)
    """Valid analyses that a score below 1 needs to be the label (k)."""
    temperature: float = Field(default=1.0, ge=0, le=1000)
    """Sampling temperature of meta-verdicts."""
    top_p: float = Field(default=0.95, gt=0, le=1)
    """Nucleus sampling."""
    max_tokens: int = Field(default=4096, ge=1, le=100_000_000)
    """Longest meta-verdict in tokens; what the budget reserves for each."""
    stop: tuple[str, ...] = ()
    """Texts that end a meta-verdict; those of the prompt template are added."""
    prompt: str = "meta"
    """Prompt template with {{ question }}, {{ solution }} and {{ verification }}, the analysis: a
    shipped name or a file."""

    def most_samples(self, solutions: int) -> Mapping[Role, int] | None:
        inner = self.verifier.most_samples(solutions)
        if inner is None:
            return None
        analyses = sum(inner.values())
        return {"grader": analyses, "verifier": analyses * self.verdicts}

    def longest(self) -> Mapping[Role, int]:
        inner = self.verifier.longest().get("verifier")
        return {"verifier": self.max_tokens} | ({} if inner is None else {"grader": inner})

    def templates(self) -> Mapping[Role, str]:
        inner = self.verifier.templates().get("verifier")
        return {} if inner is None else {"grader": inner}

    def fewer(self, solutions: int, verifications: int) -> Self:
        inner = self.verifier.fewer(solutions, verifications)
        return self.model_copy(update={"verifier": inner})

    def asks(self, offers: Capabilities) -> Sequence[SamplingParams]:
        params = SamplingParams(
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            stop=(*load_prompt(self.prompt).stop, *self.stop),
        )
        return (params,)

    async def verify(
        self, attempt: Attempt, solutions: Sequence[Solution]
    ) -> Sequence[Verification]:
        (params,) = self.asks(attempt.capabilities())
        # Analyses may take their part of a budget, so that there can be verdicts on all of them.
        (analysing,) = attempt.split(1 / (1 + self.verdicts))
        analyses = await analysing.judge(self.verifier, solutions)
        by_index = {solution.index: solution for solution in solutions}
        doubted = [v for v in analyses if v.score is not None and v.score < 1]
        prompts = [self._prompt(attempt, by_index[v.solution_index], v) for v in doubted]
        rows = await attempt.sample(*[Ask(p, params, self.verdicts) for p in prompts])
        doubts = [_Doubt(said, row) for said, row in zip(doubted, rows, strict=True)]
        found: list[Verification] = []
        # Where a budget ends it, the first solutions are labelled, and none that nobody doubted
        # behind one that was doubted and not decided: these would look better than they are.
        # Nor one by fewer analyses than those before it: the lowest of fewer scores is higher.
        most, ended = 0, False
        for solution in solutions:
            mine = [d for d in doubts if d.said.solution_index == solution.index]
            found += self._verdicts(solution, mine)
            own = [v for v in analyses if v.solution_index == solution.index]
            fewer = analysing.refused and len(own) < most
            most = most or len(own)
            ended = ended or not own or fewer or any(len(d.verdicts) < self.verdicts for d in mine)
            if not ended:
                found.append(self._label(solution, own, mine))
        return found

    def _prompt(self, attempt: Attempt, solution: Solution, said: Verification) -> Prompt:
        return render_problem(
            load_prompt(self.prompt),
            attempt.problem,
            solution=without_thinking(solution.text),
            verification=without_thinking(said.text),
        )

    def _verdicts(self, solution: Solution, doubts: Sequence[_Doubt]) -> list[Verification]:
        """The meta-verdicts, as verifications of verifications."""
        rows: list[Verification] = []
        for doubt in doubts:
            for sample, score in zip(doubt.verdicts, doubt.scores, strict=True):
                row = self.verification(
                    solution,
                    len(rows),
                    [sample.completion],
                    verifier=f"{self.label}/verdict",
                    verdict=None if score is None else score >= self.confirms,
                    score=score,
                )
                rows.append(replace(row, of=doubt.said.index))
        return rows

    def _label(
        self, solution: Solution, analyses: Sequence[Verification], doubts: Sequence[_Doubt]
    ) -> Verification:
        """The label by agreement, with the text of the first valid analysis that gave it."""
        valid = [d.said for d in doubts if upheld(d.scores, self.confirms)]
        scores = [v.score for v in analyses if v.score is not None]
        label = label_of(scores, [v.score for v in valid if v.score is not None], self.support)
        by = [v for v in (valid if label != 1 else analyses) if v.score == label]
        return self.verification(
            solution,
            0,
            [*analyses, *self._verdicts(solution, doubts)],
            text=by[0].text if by else "",
            verdict=None if label is None else label == 1,
            score=label,
            first_wrong_step=by[0].first_wrong_step if by else None,
        )
