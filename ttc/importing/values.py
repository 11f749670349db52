"""Foreign values to ours; each refusal says place, value and what was expected."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from ttc.errors import DataError

_TRUE = ("true", "yes", "correct", "right", "c", "1", "1.0")
_FALSE = ("false", "no", "incorrect", "wrong", "i", "0", "0.0")
_GRADES = {**dict.fromkeys(_TRUE, 1.0), **dict.fromkeys(_FALSE, 0.0), "p": 0.5, "n": 0.0}
_MOST = 2**31 - 1  # what the int32 columns hold
_ROUNDING = 1e-6  # probabilities may lie so far outside [0, 1]


def text(value: Any, place: str) -> str:
    """A text or a number as text; nothing is the empty text."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if absent(value):
        return ""
    if not isinstance(value, str | int | float):
        refuse(value, place, "a text")
    return str(value)


def integer(value: Any, place: str) -> int | None:
    """A whole number from 0, None where nothing is given."""
    if absent(value):
        return None
    found = _number(value)
    if found is None or not found.is_integer() or not 0 <= found <= _MOST:
        refuse(value, place, "a whole number from 0")
    return int(found)


def truth(value: Any, place: str) -> bool | None:
    """True or false, also as 1/0, C/I or yes/no in a text; None where nothing is given."""
    if absent(value):
        return None
    word = str(value).strip().lower()
    if word not in _TRUE + _FALSE:
        refuse(value, place, "true or false")
    return word in _TRUE


def grade(value: Any, place: str) -> float | None:
    """A label from 0 to 1: C, I, P (a half), N (no answer, 0), a word or a number; or None."""
    if absent(value):
        return None
    word = _GRADES.get(str(value).strip().lower())
    found = _number(value) if word is None else word
    if found is None or not 0 <= found <= 1:
        refuse(value, place, "a label: C or I, true or false, or a number from 0 to 1")
    return found


def number(value: Any, place: str) -> float | None:
    """A finite number, None where nothing is given."""
    if absent(value):
        return None
    found = _number(value)
    if found is None or not math.isfinite(found):
        refuse(value, place, "a number")
    return found


def probability(value: Any, place: str) -> float | None:
    """A number in [0, 1], None where nothing is given."""
    found = number(value, place)
    if found is None:
        return None
    if not -_ROUNDING <= found <= 1 + _ROUNDING:
        refuse(value, place, "a number from 0 to 1")
    return min(1.0, max(0.0, found))


def reward(value: Any, place: str) -> float | None:
    """A finite number; one that lies outside [0, 1] by a rounding is moved in."""
    found = number(value, place)
    if found is None or not -_ROUNDING <= found <= 1 + _ROUNDING:
        return found
    return min(1.0, max(0.0, found))


def step(value: Any, place: str) -> int | None:
    """A step's number from 0, -1 for none; None where nothing is given."""
    return -1 if value in (-1, -1.0, "-1") else integer(value, place)


def listed(value: Any, place: str, expected: str) -> list[Any]:
    """A list, also as JSON in a text; empty where nothing is given."""
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            refuse(value, place, expected)
    if hasattr(value, "tolist"):  # a cell of a table
        value = value.tolist()
    if absent(value):
        return []
    if not isinstance(value, list | tuple):
        refuse(value, place, expected)
    return list(value)


def absent(value: Any) -> bool:
    """Whether a value stands for nothing: null, an empty cell, NaN."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def refuse(value: Any, place: str, expected: str) -> NoReturn:
    """Raise the `DataError` for a value that is not `expected`."""
    match value:
        case dict():
            found = "an object"
        case list() | tuple():
            found = "a list"
        case bool():
            found = str(value).lower()
        case _:
            found = repr(value)[:60]
    raise DataError(f"{place}: expected {expected}, found {found}")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
