"""Pydantic's errors -> faults in plain words, with the key path as the recipe writes it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ttc.faults import Fault, KeyPath
from ttc.recipe.shape import known_keys
from ttc.redact import HIDDEN, redact
from ttc.secret_names import like_a_key
from ttc.words import nearest

_WISHES = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "none": "empty",
    "path": "a path",
    "finite": "a finite number",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def translate(error: ValidationError, root: type[BaseModel], data: Any) -> list[Fault]:
    """All errors as faults, in the order of the recipe's keys."""
    plain: list[Fault] = []
    unions: dict[KeyPath, dict[str, list[tuple[KeyPath, ErrorDetails]]]] = defaultdict(dict)
    for detail in error.errors(include_url=False):
        if _follows(detail):
            continue
        path, branch = _place(detail, data)
        if branch is None:
            plain.append(Fault(path, _text(detail, path, root, data)))
        else:
            at, label = branch
            unions[at].setdefault(label, []).append((path, detail))
    for at, branches in unions.items():
        plain.extend(_union(at, branches, root, data))
    return plain


def _follows(detail: ErrorDetails) -> bool:
    """Whether a list is called too short only because its entries have faults of their own."""
    if detail["type"] != "too_short" or not isinstance(detail["input"], list | tuple):
        return False
    return len(detail["input"]) >= int(detail["ctx"]["min_length"])


def _place(detail: ErrorDetails, data: Any) -> tuple[KeyPath, tuple[KeyPath, str] | None]:
    """The key path, and where the first union stands in it with the label of its branch.

    In pydantic's `loc` the names of union branches stand between the keys; what the data does
    not have is such a name, unless it is the missing key itself.
    """
    path: KeyPath = ()
    branch: tuple[KeyPath, str] | None = None
    loc = detail["loc"]
    for i, step in enumerate(loc):
        missing = i == len(loc) - 1 and detail["type"] in ("missing", "part")
        if _has(data, step):
            path, data = (*path, step), data[step]
        elif missing:
            path = (*path, step)
        elif branch is None:
            branch = path, str(step)
    return path, branch


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)


def _union(
    at: KeyPath,
    branches: dict[str, list[tuple[KeyPath, ErrorDetails]]],
    root: type[BaseModel],
    data: Any,
) -> list[Fault]:
    """One alternative's errors where the value has its shape, else all that would be right."""
    shaped = [found for found in branches.values() if all(len(path) > len(at) for path, _ in found)]
    if shaped:
        best = min(shaped, key=len)
        return [Fault(path, _text(detail, path, root, data)) for path, detail in best]
    details = [detail for found in branches.values() for _, detail in found]
    # An alternative of the right type but a wrong value says more than those of other types.
    close = [d for d in details if not d["type"].endswith(("_type", "_parsing", "_from_float"))]
    wishes = list(dict.fromkeys(_wish(d) or "" for d in close or details))
    if not all(wishes):
        worst = next(d for d in close or details if not _wish(d))
        return [Fault(at, _text(worst, at, root, data))]
    all_wishes = dict.fromkeys(w for d in details if (w := _wish(d)))
    literals = [d for d in details if d["type"] in ("literal_error", "enum")]
    tails = [_near(d["input"], _names(d)) for d in literals]
    text = f"must be {' or '.join(all_wishes)}, not {show(details[0]['input'])}"
    return [Fault(at, text + next(filter(None, tails), ""))]


def _text(detail: ErrorDetails, path: KeyPath, root: type[BaseModel], data: Any) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return "unknown key" + nearest(str(path[-1]), known_keys(root, data, path[:-1]))
    if kind == "missing":
        return "missing"
    if kind in ("literal_error", "enum"):
        return _literal(detail)
    wish = _wish(detail)
    if wish:
        text = f"must be {wish}, not {show(detail['input'])}"
        return text + ("; quote it" if _wants_quotes(detail) else "")
    if kind in _TEXTS:
        return _TEXTS[kind](detail)
    message = detail["msg"]
    if kind == "value_error":
        message = str(detail.get("ctx", {}).get("error", message))
    return _lower(message.replace("Input should", "must").replace("Value should", "must"))


def _wants_quotes(detail: ErrorDetails) -> bool:
    return detail["type"] == "string_type" and isinstance(detail["input"], bool | int | float)


def _wish(detail: ErrorDetails) -> str | None:
    """What a value of a wrong type or size should be, as a noun."""
    kind, ctx = detail["type"], detail.get("ctx", {})
    if kind == "wish":
        return str(ctx["wish"])
    if kind in ("literal_error", "enum"):
        return str(ctx["expected"])
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"{word} {show(ctx[key])}"
    if kind in ("finite_number", "none_required"):
        return _WISHES[kind.split("_")[0]]
    head, _, tail = kind.partition("_")
    return (
        _WISHES.get(head) if tail in ("type", "parsing", "from_float", "attributes_type") else None
    )


def _literal(detail: ErrorDetails) -> str:
    expected, value = detail.get("ctx", {}).get("expected", ""), detail["input"]
    near = _near(value, _names(detail))
    if near:
        return f"{show(value)} is not one of {expected}{near}"
    return f"must be {expected}, not {show(value)}"


def _names(detail: ErrorDetails) -> list[str]:
    """The words that a literal or an enumeration takes."""
    expected = detail.get("ctx", {}).get("expected", "")
    return re.findall(r"'([^']*)'", str(expected))


def _no_such_kind(detail: ErrorDetails) -> str:
    """Of a config whose kind is told by one of its keys."""
    ctx = detail["ctx"]
    names = re.findall(r"'([^']*)'", str(ctx["expected_tags"]))
    return f"{show(ctx['tag'])} is no {ctx['discriminator'].strip(chr(39))} here" + nearest(
        str(ctx["tag"]), names
    )


def _near(value: Any, names: list[str]) -> str:
    tail = nearest(value, names) if isinstance(value, str) else ""
    return tail if tail.startswith("; did") else ""


def _entries(n: Any) -> str:
    return f"{n} entry" if n == 1 else f"{n} entries"


_TEXTS: dict[str, Callable[[ErrorDetails], str]] = {
    "too_short": lambda d: f"needs at least {_entries(d['ctx']['min_length'])}",
    "too_long": lambda d: f"takes at most {_entries(d['ctx']['max_length'])}",
    "string_too_short": lambda d: f"needs at least {d['ctx']['min_length']} characters",
    "string_too_long": lambda d: f"takes at most {d['ctx']['max_length']} characters",
    "string_pattern_mismatch": lambda d: (
        f"{show(d['input'])} does not have the form {d['ctx']['pattern']}"
    ),
    "union_tag_invalid": _no_such_kind,
    "union_tag_not_found": lambda d: f"has no {d['ctx']['discriminator'].strip(chr(39))}",
    "part": lambda d: d["msg"],
}


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


_CREDENTIALS = re.compile(r"//[^/@\s]*@")


def show(value: Any) -> str:
    """A value as a message quotes it: short, never more than a line, without a secret."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = HIDDEN if like_a_key(value) else _CREDENTIALS.sub("//...@", redact(value))
        return repr(plain if len(plain) <= 40 else plain[:40] + "...")
    if isinstance(value, int | float):
        return f"{value:.12g}" if abs(value) < 1e15 else f"{float(value):g}"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else repr(value)[:40]
