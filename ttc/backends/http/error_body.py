"""What a server says in the body of an error, whatever of the many forms it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ttc.backends.common.foreign import beginning, parse_json, shorten

_LONGEST_WORDS = 4_000  # in which the kind of an error is looked for
_LONGEST_JSON = 1 << 20
_DEEPEST = 5
# A tag may not hold another's beginning, so that no place of a text is looked at twice.
_TAG = re.compile(r"<[^<>]*>")
_MESSAGES = ("message", "msg", "detail", "error_description", "error_message", "description")
_CODES = ("code", "type", "status", "error_type", "reason")
_INSIDE = ("error", "errors", "detail", "innererror", "metadata", "raw")
_MOST = 30  # objects of a body that are looked at


@dataclass(frozen=True, slots=True)
class Told:
    """message: one line for people. words: all that tells the kind of error, codes included.
    field: the request's field that it names as the culprit, if it does so in a field of its own.
    """

    message: str
    words: str = ""
    field: str = ""


def read_error(body: object) -> Told:
    """What an error's body says: parsed JSON, or text that may be JSON or HTML."""
    value = _value(body)
    if isinstance(value, str):
        return Told(shorten(value), value[:_LONGEST_WORDS])
    errors = list(islice(_errors(value), _MOST))
    message = next((said for each in errors if (said := _message(each))), "")
    codes = [str(each[k])[:100] for each in errors for k in _CODES if _is_code(each.get(k))]
    words = " ".join([*codes, message[:_LONGEST_WORDS]])[:_LONGEST_WORDS]
    field = next((name for each in errors if (name := _field(each))), "")
    return Told(shorten(message), words, field)


def _value(body: object) -> Any:
    """Parsed JSON where it is any, else the text as a reader of it would see it."""
    if isinstance(body, bytes):
        body = body.decode(errors="replace")
    if not isinstance(body, str):
        return body
    if len(body) <= _LONGEST_JSON and body.lstrip("\ufeff \t\r\n")[:1] in {"{", "[", '"'}:
        try:
            return parse_json(body)
        except ValueError:
            pass
    text = body
    text = beginning(text)
    return _TAG.sub(" ", text)


def _errors(value: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The objects of an error, those that stand inside, such as an upstream's, first."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        inner = _value(value) if value[:1] in {"{", "["} else value
        yield from _errors(inner, depth + 1) if not isinstance(inner, str) else [{"message": inner}]
    elif isinstance(value, Mapping):
        for name in _INSIDE:
            if value.get(name):
                yield from _errors(value[name], depth + 1)
        yield value
    elif isinstance(value, Sequence):
        for inner in value[:_DEEPEST]:
            yield from _errors(inner, depth + 1)


def _message(error: Mapping[str, Any]) -> str:
    for name in _MESSAGES:
        said = error.get(name)
        if isinstance(said, str) and said.strip():
            field = _field(error)
            return f"{field}: {said}" if field and "loc" in error else said
    return ""


def _is_code(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(value)


def _field(error: Mapping[str, Any]) -> str:
    """OpenAI's `param`, or the last name of pydantic's `loc`."""
    named = error.get("param")
    if isinstance(named, str):
        return named[:100]
    place = error.get("loc")
    names = [n for n in place if isinstance(n, str)] if isinstance(place, list) else []
    return names[-1][:100] if names else ""
