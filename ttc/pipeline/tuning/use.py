"""Tuned policies beside those of a run, on the problems that they were not tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ttc.errors import DataError
from ttc.pipeline.tuning.file import TUNED_NAME, Choice, Tuned, read_tuned
from ttc.policies import PolicyPart
from ttc.refs import PartRef

if TYPE_CHECKING:
    from ttc.pipeline.evaluate import Evaluation


def with_tuned(wanted: Evaluation, path: Path) -> Evaluation:
    """The evaluation with a file's policies, too, and without the problems that it was made on.

    Raises `DataError` for a file that chose no policy, or one of a plug-in that is gone.
    """
    tuned = read_tuned(path)
    file = path / TUNED_NAME if path.is_dir() else path
    if not tuned.policies and not tuned.weights:
        raise DataError(f"{file} holds no choice; ttc tune RUN --policy NAME makes some")
    chosen = [_part(choice, file) for choice in tuned.policies]
    policies = {one.label: one for one in (*wanted.policies, *chosen)}
    weights = [(f"weights of {len(one.weights)} verifiers", str(file)) for one in tuned.weights]
    return replace(
        wanted,
        policies=tuple(policies.values()),
        tuned_verifiers=(*wanted.tuned_verifiers, *weights),
        tuning_problems="left_out",
    )


def of_their_verifiers(rows: Sequence[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """Rows of tuned policies only with the verifier that they were tuned with."""
    tuned = read_tuned(path)
    meant: dict[str, set[str | None]] = {}
    for choice in tuned.policies:
        if choice.label != choice.before:
            meant.setdefault(choice.label, set()).add(choice.verifier)
    return [
        row
        for row in rows
        if row["policy"] not in meant or row["verifier"] in (*meant[row["policy"]], None)
    ]


def pasted(choice: Choice, file: Path) -> str:
    """A line for the `policies` of a recipe."""
    told = {**choice.policy, "tuned": str(file)}
    return "{" + ", ".join(f"{key}: {_yaml(value)}" for key, value in told.items()) + "}"


def ensemble(tuned: Tuned, number: int, file: Path) -> str:
    """The keys of an `ensemble` with some weights of the file, for a recipe."""
    found = tuned.weights[number]
    weights = {name: round(value, 4) for name, value in found.weights.items()}
    intercept = round(found.intercept, 4)
    told = {"combine": "logistic", "weights": weights, "intercept": intercept, "tuned": str(file)}
    return ", ".join(f"{key}: {_yaml(value)}" for key, value in told.items())


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(key)}: {_yaml(own)}" for key, own in value.items()) + "}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value}" if isinstance(value, int | float) else _word(str(value))


def _word(text: str) -> str:
    """Quoted where a colon, a comma or the like would mean something."""
    plain = all(c.isalnum() or c in "_-./" for c in text) and text[:1] not in ("", "-")
    return text if plain else "'" + text.replace("'", "''") + "'"


def _part(choice: Choice, file: Path) -> PolicyPart:
    try:
        part = PartRef("policy").validate({**choice.policy, "tuned": str(file)})
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"{file}: the policy {choice.label!r} can't be made: {first['msg']}"
        ) from None
    assert isinstance(part, PolicyPart)
    return part
