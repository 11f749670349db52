"""`--set path.to.key=value`: changes to a recipe's plain data before it is validated."""

from __future__ import annotations

from typing import Any

from ttc.errors import RecipeError
from ttc.faults import KeyPath, dotted
from ttc.redact import HIDDEN, redact
from ttc.secret_names import like_a_key, mentions_secret, speaks_of_secret
from ttc.yamltext import MAX_DEPTH, parse_value


def apply(data: Any, override: str) -> KeyPath:
    """Change `data` in place; returns the key path. Raises `RecipeError`.

    What does not exist yet is made, and whether it may exist is left to validation, which knows
    the nearest valid name. A bare part name on the way (`policies.0.alpha=1` where policies[0] is
    "majority") becomes `{type: name}` first.
    """
    shown = f"--set {short(override)}"
    key, equals, text = override.partition("=")
    steps = key.strip().split(".")
    if not equals or not all(steps):
        raise RecipeError(f"{shown}: an override has the form path.to.key=value")
    if len(steps) > MAX_DEPTH:
        raise RecipeError(f"{shown}: nested too deeply")
    value = _read(text, shown)
    path: KeyPath = ()
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        place = _place(data, step, path, shown)
        path = (*path, place)
        if after is None:
            _put(data, place, value)
        else:
            data = _enter(data, place, after)
            if data is None:
                raise RecipeError(f"{shown}: {dotted(path)} is a single value, nothing is inside")
    return path


def _read(text: str, shown: str) -> Any:
    try:
        return parse_value(text, shown)
    except RecipeError:
        if not shown.endswith(HIDDEN):
            raise
    # The parser's words may quote the value.
    raise RecipeError(f"{shown}: the value is not valid YAML; put quotes around it")


def short(override: str) -> str:
    """An override as messages show it: the key alone, where the value may be a secret.

    Other secrets go first, as a cut may leave half of one.
    """
    key, equals, value = override.partition("=")
    key = ".".join(HIDDEN if like_a_key(step.strip()) else step for step in key.split("."))
    if equals and (speaks_of_secret(key) or mentions_secret(value)):
        value = HIDDEN
    line = redact(" ".join(f"{key}{equals}{value}".split()))
    if len(line) <= 60:
        return line
    return f"{line[:46]}...={HIDDEN}" if value == HIDDEN else line[:57] + "..."


def _place(data: Any, step: str, path: KeyPath, shown: str) -> str | int:
    """The step as a key of a mapping or an index of a list; one past the end appends."""
    if not isinstance(data, list):
        return step
    if not step.isdecimal() or int(step[:9]) > len(data):
        many = f"{len(data)} entry" if len(data) == 1 else f"{len(data)} entries"
        raise RecipeError(
            f"{shown}: {dotted(path)} is a list of {many}; "
            f"its places are 0 to {len(data)}, the last one adds an entry"
        )
    return int(step)


def _put(data: Any, place: str | int, value: Any) -> None:
    if isinstance(data, list) and place == len(data):
        data.append(value)
    else:
        data[place] = value


def _enter(data: Any, place: str | int, after: str) -> Any:
    """What is at a place, made where there is nothing; None where nothing can be inside."""
    try:
        inner = data[place]
    except (KeyError, IndexError):
        inner = None
    if inner is None:
        inner = [] if after == "0" else {}
    elif isinstance(inner, str):
        inner = {"type": inner}
    elif not isinstance(inner, dict | list):
        return None
    _put(data, place, inner)
    return inner
