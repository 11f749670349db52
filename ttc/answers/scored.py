"""Answers that a data set's own checker scores, in [0, 1]: right from a score on.

The gold answer names the checker and the problem, as JSON. Checkers are other people's code, and
some evaluate the answers that they are given, so they run in the sandbox, each answer in a process
of its own. What such a checker can be led to say of an answer that attacks it, it says of that
answer only.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from ttc.answers.classes import AnswerClasses
from ttc.answers.normalise import canonical
from ttc.core import Executed, Limits, Program
from ttc.errors import DataError, MissingExtra

_START_S = 60.0  # importing the library, on a busy machine
_MEMORY_BYTES = 4 << 30  # address space, of which little is used


class GymProblem(BaseModel):
    """A problem of the library reasoning-gym, and from which score on an answer to it is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    scorer: str = Field(default="reasoning-gym", pattern="^reasoning-gym$")
    task: str = Field(pattern=r"^\w{1,100}$")
    seed: int
    index: int = Field(ge=0)
    settings: dict[str, JsonValue] = {}
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
    from ttc.sandbox import execute

    mark = secrets.token_hex(16)
    order = problem.model_dump() | {"mark": mark, "answers": list(answers), "limit_s": limit_s}
    longest = _START_S + limit_s * len(answers)
    limits = Limits(wall_s=longest, cpu_s=longest, memory_bytes=_MEMORY_BYTES)
    program = Program(_script(), stdin=json.dumps(order), limits=limits)
    done = asyncio.run(execute(program))
    found = _report(done, mark)
    if isinstance(found, list) and len(found) == len(answers):
        return [float(score) for score in found]
    raise _trouble(found, done, problem)


def _report(done: Executed, mark: str) -> Any:
    try:
        said, found = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, TypeError, IndexError):
        return None
    return found if said == mark else None


def _trouble(found: Any, done: Executed, problem: GymProblem) -> Exception:
    if found == "missing":
        return MissingExtra("scoring answers of reasoning-gym", "reasoning-gym")
    place = f"reasoning-gym, {problem.task} {problem.seed}/{problem.index}"
    if found == "changed":
        return DataError(
            f"{place}: the installed version makes another problem of this; install the version "
            "that the run was made with"
        )
    last = done.stderr.strip().splitlines()[-1:] or ["no report"]
    return DataError(f"{place}: its checker can't be run ({done.ended}): {last[0]:.200}")


@cache
def _script() -> str:
    return (files("ttc.answers") / "gymscorer.py").read_text(encoding="utf-8")
