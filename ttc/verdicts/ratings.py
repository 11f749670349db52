r"""A rating on a scale, and its expectation over the probabilities of score tokens.

What the judge says is one draw from its distribution of scores; the mean over all of them, by the
probabilities at the score's place, tells more solutions apart than the few numbers of the scale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ttc.core import TokenLogprob
from ttc.thinking import visible_span
from ttc.verdicts.text import Verdict
from ttc.verdicts.tokens import spelled_at

Scale = Literal["1-5", "0-10"]

_NUMBER = r"(?P<number>\d{1,3})(?![\d%]|[.,]\d|\s?/\s?(?!5\b|10\b))"
_NAMED = re.compile(
    rf"\b(?:score|rating|grade|rate)\b[^\w\n]{{0,12}}(?:is|of)?[^\w\n]{{0,12}}"
    rf"(?:\\boxed\{{)?{_NUMBER}|\\boxed\{{\s?{_NUMBER.replace('number', 'boxed')}",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"[^\w\\]{{0,12}}{_NUMBER}")


def bounds(scale: Scale) -> tuple[int, int]:
    """The lowest and the highest number of a scale."""
    low, high = scale.split("-")
    return int(low), int(high)


def expected_rating(text: str, tokens: Sequence[TokenLogprob], scale: Scale) -> float | None:
    """The expectation of the score that a text says, from 0 (the scale's lowest) to 1 (highest).

    Over the numbers of the scale among the alternatives at the score's place; their probabilities
    are made to sum to 1, since what is not listed, or is no such number, is unknown. Where the
    probabilities are unknown, it is the number that is written. None where none is.
    """
    low, high = bounds(scale)
    found = find_rating(text, low, high)
    if found is None:
        return None
    listed = _numbers(found, spelled_at(found, text, tokens) or [], low, high)
    total = sum(p for _, p in listed)
    mean = sum(n * p for n, p in listed) / total if total > 0 else int(found.word)
    return min(1.0, max(0.0, (mean - low) / (high - low)))


def find_rating(text: str, low: int, high: int) -> Verdict | None:
    r"""The number that a text says as its score: the last behind `Score:`, `Rating:` or in a box;
    else the one that the text begins with. None where it is not on the scale.
    """
    visible = visible_span(text)
    if visible is None:
        return None
    last = None
    for found in _NAMED.finditer(text, *visible):
        last = found
    last = last or _ALONE.match(text, *visible)
    if last is None:
        return None
    name = "boxed" if last.re is _NAMED and last["boxed"] else "number"
    number = int(last[name])
    return Verdict(True, str(number), *last.span(name)) if low <= number <= high else None


def _numbers(
    written: Verdict, listed: Sequence[tuple[str, float]], low: int, high: int
) -> list[tuple[int, float]]:
    """The numbers among the alternatives. A token that may be one or begin another, as `1` may
    begin 10 where no token is a whole 10, stands for the number that is written, or is left out.
    """
    known = {str(n) for n in range(low, high + 1)}
    spelled = {text for text, _ in listed}
    found = []
    for text, p in listed:
        longer = {n for n in known if n.startswith(text) and n != text}
        if text not in known or (longer and not longer <= spelled):
            if longer and written.word in {text, *longer}:
                found.append((int(written.word), p))
        else:
            found.append((int(text), p))
    return found
