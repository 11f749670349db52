"""What a server sends as data that everything downstream can hold.

Text that is no valid Unicode (half of a surrogate pair) can be written into no table, no file and
no terminal. It enters by one way only, the escapes of JSON, so it is mended there, once.
"""

from __future__ import annotations

import json
from typing import Any

from ttc.redact import redact

_LONGEST_MESSAGE = 300
_LOOKED_AT = 64_000  # characters of a text
_LONGEST_SECRET = 2_000

_ESCAPES = ("\\ud", "\\uD")  # how each surrogate begins in JSON


def whole(text: str) -> str:
    """The text with the replacement character for each lone half of a surrogate pair."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def make_whole(value: Any) -> Any:
    """`whole` for all texts in nested dicts and lists, keys included, which it changes in place.

    Without recursion: how deep they are nested is the server's choice.
    """
    outer = [value]
    todo: list[Any] = [outer]
    while todo:
        inner = todo.pop()
        places = list(inner) if isinstance(inner, dict) else range(len(inner))
        for place in places:
            found = inner[place]
            if isinstance(found, dict | list):
                todo.append(found)
            elif isinstance(found, str):
                inner[place] = whole(found)
            if isinstance(place, str) and (name := whole(place)) != place:
                inner[name] = inner.pop(place)
    return outer[0]


def parse_json(body: bytes | str) -> Any:
    """The value of a JSON text, whatever its encoding. Raises `ValueError` for anything else.

    Bytes that are no text become replacement characters: better than a sample lost.
    """
    text = body
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "replace")
    try:
        value = json.loads(text.lstrip("\ufeff"))
    except RecursionError:
        value = None
        deep = True
    else:
        deep = False
    if deep:
        raise ValueError("it is nested too deep")
    return make_whole(value) if any(escape in text for escape in _ESCAPES) else value


def beginning(text: str) -> str:
    """As much of a text as is looked at; half a secret at the cut would not be known for one."""
    return text if len(text) <= _LOOKED_AT else redact(text[:_LOOKED_AT])[:-_LONGEST_SECRET]


def shorten(text: str) -> str:
    """One line of bearable length; secrets go first, as a cut may leave half of one."""
    text = " ".join(whole(redact(beginning(text))).replace("\0", " ").split())
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"
