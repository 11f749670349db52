"""Small words of messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

FOLDER_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
"""What may name a folder of ours, as a regular expression; in 100 characters at most."""
_LONGEST = 240  # characters of a list of names
_AMOUNT = re.compile(
    r"((?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[+-]?\d{1,2})?)([kKmMgGbBtT]?)", re.ASCII
)
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9, "t": 1e12}


def scaled(text: str) -> float | None:
    """The number that a text is, such as 800, 10k, 1.5M or 2e6; None for anything else."""
    found = _AMOUNT.fullmatch(text)
    return float(found[1]) * _TIMES[found[2].lower()] if found else None


def counted(number: int, noun: str) -> str:
    """`1 problem`, `2,048 problems`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def nearest(word: str, known: Iterable[str]) -> str:
    """The tail of a message: `; did you mean 'x'?`, or the names where none is near."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word[:100].lower(), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {listed(names)}" if names else ""


def listed(names: Sequence[str]) -> str:
    """Names, as many as a line or two hold."""
    every = ", ".join(names)
    if len(every) <= _LONGEST:
        return every
    fit = every[:_LONGEST].rpartition(", ")[0].split(", ")
    return f"{', '.join(fit)} and {len(names) - len(fit)} more"
