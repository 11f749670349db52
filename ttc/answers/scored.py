"""Answers that a data set's own checker scores, in [0, 1]: right from a score on.

The gold answer names the checker and the problem, as JSON. Checkers are other people's code, and
some evaluate the answers that they are given, so they run in the sandbox, each answer in a process
of its own. What such a checker can be led to say of an answer that attacks it, it says of that
answer only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ttc.answers.classes import AnswerClasses
from ttc.answers.gym import asked_gym
from ttc.answers.normalise import canonical
from ttc.errors import DataError


class GymProblem(BaseModel):
    """A problem of the library reasoning-gym, and from which score on an answer to it is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    scorer: str = Field(default="reasoning-gym", pattern="^reasoning-gym$")
    task: str = Field(pattern=r"^\w{1,100}$")
    seed: int
    index: int = Field(ge=0)
    settings: dict[str, JsonValue] = {}
    asks: str
    """Digest of its question, by which another version of the library is noticed."""
    answer: str
    right_at: float = Field(default=1.0, gt=0, le=1)


def gym_problem(gold: str) -> GymProblem:
    """The problem that a gold answer names. Raises `DataError` where it names none."""
    try:
        return GymProblem.model_validate_json(gold)
    except ValidationError as error:
        raise DataError(
            f"answers.equivalence: scored needs gold answers that name a checker, as the dataset "
            f"reasoning-gym makes them, not {gold[:60]!r} ({error.errors()[0]['msg']})"
        ) from None


def scored_classes(answers: Sequence[str | None], gold: str, limit_s: float) -> AnswerClasses:
    """Answer classes with scores: the right ones are one class, others go by their spelling.

    answers: (solutions,). limit_s: for the checker's look at one answer, which scores 0 where it is
    late. Raises `SandboxError` where there is no sandbox, `MissingExtra`, `DataError`.
    """
    problem = gym_problem(gold)
    distinct = list(dict.fromkeys(a for a in answers if a is not None and a.strip()))
    scores = dict(zip(distinct, _scores(problem, distinct, limit_s), strict=True))
    index = np.full(len(answers), -1, dtype=np.int32)
    number: dict[str | None, int] = {}  # by spelling; None is right
    shown: list[str] = []
    for i, answer in enumerate(answers):
        if answer is None or answer not in scores:
            continue
        key = None if scores[answer] >= problem.right_at else canonical(answer)
        if key not in number:
            number[key] = len(number)
            shown.append(answer)
        index[i] = number[key]
    kept = np.array([np.nan if a is None else scores.get(a, np.nan) for a in answers])
    return AnswerClasses(index, tuple(shown), number.get(None, -1), kept)


def _scores(problem: GymProblem, answers: Sequence[str], limit_s: float) -> list[float]:
    if not answers:
        return []
    order = problem.model_dump() | {"do": "score", "answers": list(answers), "limit_s": limit_s}
    found = asked_gym(order, limit_s * len(answers))
    if not isinstance(found, list) or len(found) != len(answers):
        raise DataError(
            f"reasoning-gym, {problem.task} {problem.seed}/{problem.index}: the installed version "
            "makes another problem of this; install the version that the run was made with"
        )
    return [float(score) for score in found]
