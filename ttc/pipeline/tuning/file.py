"""`tuned.json`: which problems were tuned on, what was tried there, and what was chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import ttc
from ttc.core import Problem
from ttc.errors import DataError
from ttc.store.atomic import reason, write_text
from ttc.visible import visible_json

TUNED_NAME = "tuned.json"
_KIND: Literal["ttc tuned"] = "ttc tuned"
_FORMAT = 1


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


class Figure(_Model):
    """A mean over problems with its 95 % interval for new ones; null ends where there is none."""

    estimate: float
    low: float | None = None
    high: float | None = None
    problems: int = Field(ge=0)


class Candidate(_Model):
    """Values that were tried, and their success on the tuning problems."""

    parameters: dict[str, Any]
    label: str
    S: int
    V: int
    cost: float | None = None
    """In the unit of the budget, or C."""
    success: float
    low: float | None = None
    high: float | None = None
    mc_standard_error: float | None = None


class Choice(_Model):
    """One policy's parameters as they were chosen.

    before: the policy as it was. gain: success of the chosen less that of the policy before, paired
    over problems. optimism: by how much more that is on the tuning problems than on the others.
    """

    label: str
    policy: dict[str, Any]
    before: str
    verifier: str | None = None
    S: int
    V: int
    candidates: list[Candidate]
    success_tuning: Figure
    success_others: Figure | None = None
    gain_tuning: Figure
    gain_others: Figure | None = None
    optimism: float | None = None


class Weights(_Model):
    """Weights of several verifiers' mean scores: sigmoid(intercept + sum of weight * score).

    mean_weights: for a weighted mean, those of the logistic form that are positive, summing to 1.
    auc: chance that a right solution outranks a wrong one of the same problem, by verifier, of
    their plain mean and of the combination, on the other problems.
    """

    method: Literal["logistic", "agreement"]
    weights: dict[str, float]
    intercept: float
    mean_weights: dict[str, float]
    solutions: int
    auc: dict[str, float | None] = {}
    auc_tuning: dict[str, float | None] = {}
    details: dict[str, Any] = {}


class Tuned(_Model):
    """A run's tuning. problems: those tuned on, each with what tells it from any other."""

    kind: Literal["ttc tuned"] = _KIND
    format: int = Field(default=_FORMAT, ge=1)
    ttc_version: str = ttc.__version__
    run: str
    dataset: str = ""
    seed: int
    stratified_by: str | None = None
    problems: dict[str, str]
    others: int
    settings: dict[str, Any] = {}
    budget: dict[str, Any] = {}
    policies: list[Choice] = []
    weights: list[Weights] = []

    def same_split(self, other: Tuned) -> bool:
        return self.problems == other.problems and self.dataset == other.dataset

    def write(self, path: Path) -> None:
        """As JSON, atomically."""
        text = json.dumps(json.loads(self.model_dump_json()), indent=2, ensure_ascii=False)
        write_text(path, visible_json(text) + "\n")


def read_tuned(path: Path) -> Tuned:
    """The file at `path`, or in that folder. Raises `DataError` that names it where it is none."""
    path = path / TUNED_NAME if path.is_dir() else path
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"there is no {path}; ttc tune RUN makes a run's {TUNED_NAME}") from error
    except OSError as error:
        raise DataError(f"can't read {path}: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: not JSON ({error})") from error
    if not isinstance(content, dict) or content.get("kind") != _KIND:
        raise DataError(f"{path} was not written by ttc tune")
    if content.get("format") != _FORMAT:
        raise DataError(f"{path} has format {content.get('format')!r:.20}; this ttc reads 1")
    try:
        return Tuned.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"{path} is damaged: {place}: {first['msg'].lower()}") from error


def digest(problem: Problem) -> str:
    """What tells a problem from any other, whichever run it is in and whatever it is called there:
    its question, and its choices. One without a question is told by id and answer.
    """
    question = " ".join(problem.question.split()).casefold()
    known = [question, *problem.choices] if question else [problem.id, problem.answer]
    text = json.dumps(known, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digests(problems: Iterable[Problem]) -> dict[str, str]:
    """By problem id."""
    return {problem.id: digest(problem) for problem in problems}


def shared(tuned: Tuned, problems: Sequence[Problem]) -> frozenset[str]:
    """Ids of those of these problems that were tuned on, in that or in another run."""
    known = frozenset(tuned.problems.values())
    return frozenset(p.id for p in problems if digest(p) in known)
