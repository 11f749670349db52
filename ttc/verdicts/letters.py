"""Which of two that were shown is better: `A` or `B` at a judgement's end, and P(A) there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ttc.core import TokenLogprob
from ttc.thinking import visible_span
from ttc.verdicts.text import Verdict
from ttc.verdicts.tokens import masses_at, share_of_yes

_MARKS = " \t\n\r*_`\"'.:()[]{}$Ġ▁Ċ"
_SPACE = r"[^\w\n]"
_SOLUTION = rf"(?:solution{_SPACE}{{1,4}})?"
# `Better: A`, or "The better one is A", where a line or a sentence begins.
_SAID = re.compile(
    rf"(?:^|(?<=[.!?])[^\S\n]){_SPACE}{{0,12}}"
    rf"(?:(?:so|thus|hence|therefore|overall|the|final|verdict|answer){_SPACE}{{1,4}}){{0,3}}"
    rf"better(?:{_SPACE}{{1,4}}(?:one|solution|answer))?"
    rf"(?:{_SPACE}{{0,8}}:|{_SPACE}{{1,8}}is\b:?)\W{{0,12}}"
    rf"{_SOLUTION}(?P<who>A|B|tie)\b"
    rf"(?!{_SPACE}{{0,4}}(?:/|\||or\b|and\b){_SPACE}{{0,4}}{_SOLUTION}[AB]\b)",
    re.IGNORECASE | re.MULTILINE,
)


def find_letter(text: str) -> Verdict | None:
    """`A`, `B` or `tie`: a lone letter, or what the last `Better: A` says; None without either.

    Who is named otherwise is not guessed: of "B is better. A makes an error" nothing is read.
    Thoughts hold none.
    """
    visible = visible_span(text)
    if visible is None:
        return None
    start, stop = visible
    lone = text[start:stop].strip(_MARKS)
    if lone in ("A", "B"):
        at = text.index(lone, start)
        return Verdict(lone == "A", lone, at, at + 1)
    said = [*_SAID.finditer(text[start:stop])]
    if not said or said[-1]["who"] in ("a", "b"):  # "better is a proof" names nobody
        return None
    word = said[-1]["who"]
    begin, end = said[-1].span("who")
    return Verdict(
        word == "A", "tie" if word.lower() == "tie" else word, start + begin, start + end
    )


def p_first(text: str, tokens: Sequence[TokenLogprob]) -> float | None:
    """P(A) / (P(A) + P(B)) at the letter that the text names; None where it is unknown."""
    found = find_letter(text)
    at = None if found is None or found.word == "tie" else masses_at(found, text, tokens)
    return None if at is None or found is None else share_of_yes(at, found.says)
