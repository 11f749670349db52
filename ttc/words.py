"""Small words of messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 240  # characters of a list of names


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2,048 problems`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def nearest(word: str, known: Iterable[str]) -> str:
    """The tail of a message: `; did you mean 'x'?`, or the names where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word[:100].lower(), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {_listed(names)}" if names else ""


def _listed(names: list[str]) -> str:
    """The names, as many as a line or two hold."""
    listed = ", ".join(names)
    if len(listed) <= _LONGEST:
        return listed
    fit = listed[:_LONGEST].rpartition(", ")[0].split(", ")
    return f"{', '.join(fit)} and {len(names) - len(fit)} more"
