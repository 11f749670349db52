"""Which of two that were shown is better: `A` or `B` at a judgement's end, and P(A) there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ttc.core import TokenLogprob
from ttc.thinking import visible_span

_MARKS = " \t\n\r*_`\"'.:()[]{}$Ġ▁Ċ"
_SAID = re.compile(r"\bbetter\W{0,12}(?:is\W{1,12})?(?:solution\W{1,4})?(A|B|tie)\b", re.IGNORECASE)


def find_letter(text: str) -> str | None:
    """`A`, `B` or `tie`: a lone letter, or what the last `Better: A` says; None without either.

    Thoughts hold none.
    """
    visible = visible_span(text)
    if visible is None:
        return None
    shown = text[slice(*visible)]
    lone = shown.strip(_MARKS)
    if lone in ("A", "B"):
        return lone
    said = [found[1] for found in _SAID.finditer(shown)]
    if not said or said[-1] in ("a", "b"):  # "better is a proof" names nobody
        return None
    return "tie" if said[-1].lower() == "tie" else said[-1]


def p_first(tokens: Sequence[TokenLogprob], said: str) -> float | None:
    """P(A) / (P(A) + P(B)) at the last token that is the letter said; None where it is unknown.

    Of a letter that is not among the alternatives, nothing is counted.
    """
    place = next((t for t in reversed(tokens) if t.token.strip(_MARKS) == said), None)
    if place is None:
        return None
    mass = {"A": 0.0, "B": 0.0}
    known = {**place.top, place.token: place.logprob}
    for token, logprob in known.items():
        letter = token.strip(_MARKS)
        if letter in mass and not math.isnan(logprob):
            mass[letter] += math.exp(min(logprob, 0.0))
    total = mass["A"] + mass["B"]
    return mass["A"] / total if total > 0 else None
