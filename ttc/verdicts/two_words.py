"""P(Yes) of an answer in one token: the probability of one word against that of its opposite."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from ttc.core import TokenLogprob
from ttc.verdicts.tokens import _alternatives, _any, _first_letters

Words = Collection[str]
YES_NO: tuple[Words, Words] = ({"yes"}, {"no"})
TRUE_FALSE: tuple[Words, Words] = ({"true", "a", "yes"}, {"false", "b", "no"})
"""Of an answer to "Is the answer (A) True (B) False?", or to one with Yes and No."""


def p_first_word(tokens: Sequence[TokenLogprob], words: tuple[Words, Words]) -> float | None:
    """P(yes) / (P(yes) + P(no)) at the first token that says one of the words; None if unknown.

    Where no token that was sampled says one, the first token is read: its alternatives may. Each
    side is the sum over the alternatives that spell or begin one of its words (` Yes`, `Y`). One of
    which no alternative is known has the most that it can have: what the known ones leave, and no
    more than the least of these has.
    """
    yes, no = words
    said = (t for t in tokens if _says(t.token, yes) or _says(t.token, no))
    token = next(said, tokens[0] if tokens else None)
    return None if token is None else _p(token, yes, no)


def _p(token: TokenLogprob, yes: Words, no: Words) -> float | None:
    known = [(text, math.exp(min(logprob, 0.0))) for text, logprob in _alternatives(token)]
    of_yes = [p for text, p in known if _says(text, yes)]
    of_no = [p for text, p in known if _says(text, no)]
    if not of_yes and not of_no:
        return None
    every = [p for _, p in known]
    most = min(min(every), max(0.0, 1.0 - math.fsum(every)))
    one, other = (math.fsum(side) if side else most for side in (of_yes, of_no))
    return one / (one + other) if one + other else None


def _says(token: str, words: Words) -> bool:
    """Whether a token spells or begins one of these words."""
    read = _first_letters(token, "")
    return read is not None and _any(read, words)
