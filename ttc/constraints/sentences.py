"""How many sentences a text has, by its marks: a rule of thumb for English, linear in the text."""

from __future__ import annotations

import re

# Possessive, and never begun within a run of marks: linear in texts of marks alone.
_END = re.compile(r"(?<![.?!])[.?!]++[\"'”’)\]*_]*+(?=\s)")
_LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘*_]{1,20}$")
_INITIAL = re.compile(r"[A-Z]|(?:[A-Za-z]\.)+[A-Za-z]")
_NUMBERING = re.compile(r"\d{1,3}")
_TITLES = frozenset(
    [
        *("mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "gen", "col", "lt", "capt"),
        *("rev", "hon", "vs", "fig", "eq"),
    ]
)


def count_sentences(text: str) -> int:
    """Sentences end in `.`, `?` or `!` before white space, and at the text's end.

    Not behind initials (`J. Smith`, `U.S.`), titles (`Dr.`) and the numbers of a list (`1.`), nor
    where a text that has capitals goes on in small letters.
    """
    body = text.strip()
    if not body:
        return 0
    small = body.islower()
    return 1 + sum(_ends(body, found, small) for found in _END.finditer(body))


def _ends(text: str, mark: re.Match[str], small: bool) -> bool:
    following = text[mark.end() : mark.end() + 80].lstrip()[:1]
    if following.islower() and not small:
        return False
    if mark[0][0] != "." or mark[0].startswith(".."):
        return True
    before = _LAST_TOKEN.search(text, max(0, mark.start() - 20), mark.start())
    token = before[0] if before else ""
    return not (
        _INITIAL.fullmatch(token) or _NUMBERING.fullmatch(token) or token.lower() in _TITLES
    )
