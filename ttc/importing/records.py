"""What a reader of foreign data hands on: raw problems and judgements, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RawVerification:
    """A verification as found. None: not given; `score` overrides verdict and p_yes.

    step_scores: by step; first_wrong_step: the first that it finds wrong, from 0, -1 for none.
    """

    text: str = ""
    verdict: bool | None = None
    p_yes: float | None = None
    score: float | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    prompt: str | None = None
    verifier: str | None = None
    index: int | None = None
    finish_reason: str | None = None
    step_scores: tuple[float, ...] = ()
    first_wrong_step: int | None = None


@dataclass(frozen=True, slots=True)
class RawSolution:
    """A solution as found. `answer` is what the data says was extracted, `correct` its label.

    returned: false for what a method said on its way, which has no vote. first_wrong_step: a label,
    from 0, -1 for none.
    """

    text: str = ""
    answer: str | None = None
    correct: bool | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None
    index: int | None = None
    finish_reason: str | None = None
    mean_logprob: float | None = None
    verifications: tuple[RawVerification, ...] = ()
    returned: bool = True
    steps: tuple[str, ...] = ()
    first_wrong_step: int | None = None


@dataclass(frozen=True, slots=True)
class RawProblem:
    """A problem with all its solutions. `order` sorts the run's problems; `place` is for people.

    answer_labels: labels of answers rather than of solutions; they are those of the solutions that
    gave these answers and have no label of their own.
    """

    id: str
    question: str
    answer: str | None
    solutions: tuple[RawSolution, ...]
    place: str
    order: int
    prompt: str | None = None
    choices: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    answer_labels: Mapping[str, bool] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class RawJudgement:
    """Verifications of one solution that come apart from it, before or after."""

    problem_id: str
    solution_index: int
    verifications: tuple[RawVerification, ...]
    place: str


Raw = RawProblem | RawJudgement
