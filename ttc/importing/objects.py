"""Records to raw problems, solutions and verifications: shared by JSON lines and tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ttc.errors import DataError
from ttc.importing import values
from ttc.importing.names import Record
from ttc.importing.records import RawSolution, RawVerification

T = TypeVar("T")


def solution(
    record: Record,
    verifications: tuple[RawVerification, ...] = (),
    index: int | None = None,
) -> RawSolution:
    """The solution in a record; `verifications` where the record holds them itself."""
    return RawSolution(
        index=index,
        text=values.text(record.get("text"), record.where("text")),
        answer=values.text(record.get("answer"), record.where("answer")) or None,
        correct=values.truth(record.get("correct"), record.where("correct")),
        tokens=values.integer(record.get("tokens"), record.where("tokens")),
        prompt_tokens=values.integer(record.get("prompt_tokens"), record.where("prompt_tokens")),
        finish_reason=values.text(record.get("finish_reason"), record.where("finish_reason"))
        or None,
        mean_logprob=values.number(record.get("mean_logprob"), record.where("mean_logprob")),
        verifications=(*_confidence(record), *verifications),
        returned=values.truth(record.get("returned"), record.where("returned")) is not False,
        steps=_steps(record),
        first_wrong_step=values.step(
            record.get("first_wrong_step"), record.where("first_wrong_step")
        ),
    )


CONFIDENCE = "confidence"
"""The verifier that a solution's own confidences are the scores of."""


def _confidence(record: Record) -> tuple[RawVerification, ...]:
    """What the data says of how sure the solver was, of the whole or of each step."""
    score = _if_meant(
        record,
        "confidence",
        lambda: values.probability(record.get("confidence"), record.where("confidence")),
    )
    steps = _if_meant(
        record, "step_confidences", lambda: _probabilities(record, "step_confidences")
    )
    if score is None and not steps:
        return ()
    return (RawVerification(score=score, step_scores=steps or (), verifier=CONFIDENCE, tokens=0),)


def _steps(record: Record) -> tuple[str, ...]:
    """The steps' texts."""

    def read() -> tuple[str, ...]:
        place = record.where("steps")
        listed = values.listed(record.get("steps"), place, "a list of texts")
        return tuple(values.text(one, f"{place}[{i}]") for i, one in enumerate(listed))

    return _if_meant(record, "steps", read) or ()


def _if_meant(record: Record, name: str, read: Callable[[], T]) -> T | None:
    """What is read; nothing where the key holds something else and the user never named it: such
    words are common in foreign data.
    """
    try:
        return read()
    except DataError:
        if record.mapped(name):
            raise
        return None


def _probabilities(record: Record, name: str) -> tuple[float, ...]:
    place = record.where(name)
    listed = values.listed(record.get(name), place, "a list of numbers from 0 to 1")
    told = [values.probability(one, f"{place}[{i}]") for i, one in enumerate(listed)]
    if None in told:
        values.refuse(None, f"{place}[{told.index(None)}]", "a number from 0 to 1")
    return tuple(one for one in told if one is not None)


def rewards(value: Any, place: str) -> tuple[float, ...]:
    """Scores of steps: a list of numbers, mostly from 0 to 1. Raises `DataError` for a gap."""
    listed = values.listed(value, place, "a list of numbers")
    told = [values.reward(one, f"{place}[{i}]") for i, one in enumerate(listed)]
    if None in told:
        values.refuse(None, f"{place}[{told.index(None)}]", "a number")
    return tuple(one for one in told if one is not None)


def verification(record: Record, index: int | None = None) -> RawVerification:
    """The verification in a record."""
    return RawVerification(
        index=index,
        text=values.text(record.get("text"), record.where("text")),
        verdict=values.truth(record.get("verdict"), record.where("verdict")),
        p_yes=values.probability(record.get("p_yes"), record.where("p_yes")),
        score=values.reward(record.get("score"), record.where("score")),
        tokens=values.integer(record.get("tokens"), record.where("tokens")),
        prompt_tokens=values.integer(record.get("prompt_tokens"), record.where("prompt_tokens")),
        verifier=values.text(record.get("verifier"), record.where("verifier")) or None,
        step_scores=rewards(record.get("step_scores"), record.where("step_scores")),
        first_wrong_step=values.step(
            record.get("first_wrong_step"), record.where("first_wrong_step")
        ),
    )


def choices(value: Any, place: str) -> tuple[str, ...]:
    """Options of a choice question: a list, or a text that is a JSON list."""
    if values.absent(value):
        return ()
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            values.refuse(value, place, "a list of options")
    if not isinstance(value, list | tuple):
        values.refuse(value, place, "a list of options")
    return tuple(values.text(option, f"{place}[{i}]") for i, option in enumerate(value))


def mapping(value: Any, place: str) -> Mapping[str, Any]:
    """An object, or nothing."""
    if value is not None and not isinstance(value, dict):
        values.refuse(value, place, "an object")
    return value or {}
