r"""Scanning untrusted text in linear time."""

import re
from collections import deque
from collections.abc import Iterator, Sequence

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last of the matches that `finditer` gives."""
    found = deque(pattern.finditer(text), maxlen=1)
    return found[0] if found else None


def closing_brace(text: str, start: int, stop: int | None = None) -> int:
    r"""Index of the brace that closes one opened just before `start`; -1 if none. Skips \{ \}."""
    depth, i, stop = 1, start, len(text) if stop is None else min(stop, len(text))
    while i < stop:
        char = text[i]
        if char == "\\":
            i += 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return i
        i += 1
    return -1


def matches_outside(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    r"""Matches of a pattern outside all brackets, braces and `\{ \}`, in order."""
    depth, at = 0, 0
    for match in pattern.finditer(text):
        for char in text[at : match.start()]:
            depth += (char in _OPENING) - (char in _CLOSING)
        at = match.start()
        if depth <= 0:
            yield match


def split_outside(text: str, separator: re.Pattern[str]) -> list[str]:
    """The parts of a text between separators that stand outside all brackets."""
    parts, at = [], 0
    for match in matches_outside(text, separator):
        parts.append(text[at : match.start()])
        at = match.end()
    return [*parts, text[at:]]


def matches_at(
    pattern: re.Pattern[str], text: str, words: Sequence[str]
) -> Iterator[re.Match[str]]:
    """Matches of a pattern that begins with one of some words, the last one first.

    Words are in lower case; looking for them is much cheaper than trying the pattern everywhere.
    """
    lower = text.lower()
    if len(lower) != len(text):  # a letter that is two in lower case: places would not agree
        lower = text
    places = {m.start() for word in words if word in lower for m in re.finditer(word, lower)}
    for place in sorted(places, reverse=True):
        if match := pattern.match(text, place):
            yield match
