"""How foreign data is judged by our own rules: answers, verdicts, scores, token counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ttc.answers import AnswerRule
from ttc.importing.records import RawProblem, RawVerification
from ttc.verdicts import ScoreMode, parse_verdict, score

__all__ = [
    "Aggregate",
    "Judging",
    "Labels",
    "ScoreMode",
    "aggregated",
    "answers_of",
    "gold_of",
    "labelled",
    "score_of",
    "verdict_of",
]

Labels = Literal["compare", "trust"]
Aggregate = Literal["last", "min", "prod", "mean"]


UNKNOWN = "unknown"  # a model that nobody named


@dataclass(frozen=True, slots=True)
class Judging:
    """Options of an import.

    score: how verdict and P(Yes) become a score, unless the data brings one. verifier: name of
    verifications that name none. labels: "compare" keeps labels that came with the data beside our
    judgement, "trust" also takes them as the judgement (for answers that no rule can read).
    aggregate: how scores of steps make one. None, of both: what is usual for the data's format.
    model: what produced the solutions, for the manifest; verifier_model: what verified them, if
    another one.
    """

    score: ScoreMode = "hybrid"
    verifier: str = "imported"
    labels: Labels | None = None
    aggregate: Aggregate | None = None
    model: str = UNKNOWN
    verifier_model: str | None = None


def aggregated(steps: Sequence[float], how: Aggregate) -> float:
    """One score of (steps,) at least one. search-and-learn has last, min and prod of them."""
    match how:
        case "last":
            return steps[-1]
        case "min":
            return min(steps)
        case "prod":
            return math.prod(steps)
        case "mean":
            return math.fsum(steps) / len(steps)


def labelled(problem: RawProblem, answers: Sequence[str | None]) -> RawProblem:
    """The problem with labels of answers as those of solutions that gave them."""
    labels = problem.answer_labels
    if not labels:
        return problem
    solutions = tuple(
        replace(one, correct=labels.get(answer)) if one.correct is None and answer else one
        for one, answer in zip(problem.solutions, answers, strict=True)
    )
    return replace(problem, solutions=solutions)


def answers_of(problem: RawProblem, rule: AnswerRule) -> list[str | None]:
    """(solutions,) the answer the data gives, else the one our rule reads in the text."""
    return [one.answer or (rule.extract(one.text) or None) for one in problem.solutions]


def gold_of(problem: RawProblem, answers: Sequence[str | None], rule: AnswerRule) -> str | None:
    """The gold answer, read out of a worked solution where the data gives one of those.

    Without any, the most frequent answer among solutions labelled correct; None without that.
    """
    if problem.answer is not None and problem.answer.strip():
        given = problem.answer.strip()
        worked = "\\boxed" in given or "####" in given or "\n" in given
        return (rule.extract(given) if worked else None) or given
    right = Counter(
        answer
        for answer, one in zip(answers, problem.solutions, strict=True)
        if answer is not None and one.correct
    )
    return max(right, key=lambda a: (right[a], a)) if right else None


def verdict_of(raw: RawVerification, aggregate: Aggregate = "min") -> bool | None:
    """The verdict the data gives, else the one in the text, else what P(Yes) says without text.

    Without any of these: whether a step is found wrong, or the steps' score below 1/2.
    """
    if raw.verdict is not None:
        return raw.verdict
    if raw.text:
        return parse_verdict(raw.text)
    if raw.p_yes is not None:
        return raw.p_yes >= 0.5
    if raw.first_wrong_step is not None:
        return raw.first_wrong_step < 0
    return aggregated(raw.step_scores, aggregate) >= 0.5 if raw.step_scores else None


def score_of(
    raw: RawVerification, verdict: bool | None, mode: ScoreMode, aggregate: Aggregate = "min"
) -> float | None:
    """The score the data gives, else that of its steps, else what `mode` makes of the verdict."""
    if raw.score is not None:
        return raw.score
    if raw.step_scores and raw.p_yes is None:
        return aggregated(raw.step_scores, aggregate)
    return score(verdict, raw.p_yes, mode)
