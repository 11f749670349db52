"""Small words of messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2,048 problems`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def nearest(word: str, known: Iterable[str]) -> str:
    """The tail of a message: `; did you mean 'x'?`, or all names where none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(word[:100].lower(), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(names)}" if names else ""
