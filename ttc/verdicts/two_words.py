"""P(Yes) of an answer in one token: the probability of one word against that of its opposite."""

from __future__ import annotations

from collections.abc import Sequence

from ttc.core import TokenLogprob
from ttc.verdicts.tokens import masses

Words = tuple[set[str], set[str]]
"""Words for yes, and words for no."""
YES_NO: Words = ({"yes"}, {"no"})
TRUE_FALSE: Words = ({"true", "a", "yes"}, {"false", "b", "no"})
"""Of an answer to "Is the answer (A) True (B) False?", or to one with Yes and No."""


def p_first_word(tokens: Sequence[TokenLogprob], words: Words) -> float | None:
    """P(yes) / (P(yes) + P(no)) at the first token that says one of the words; None if unknown.

    Where no token that was sampled says one, the first token is read: its alternatives may. Each
    side is the sum over the alternatives that spell or begin one of its words (` Yes`, `Y`). One of
    which no alternative is known has the most that it can have: what the known ones leave, and no
    more than the least of these has.
    """
    token = next((t for t in tokens if _says(t.token, words)), tokens[0] if tokens else None)
    found = None if token is None else masses(token, *words)
    if found is None or (found.yes is None and found.no is None):
        return None
    left = 1.0 - (found.yes or 0.0) - found.other
    most = min(found.lowest, max(0.0, left))
    yes, no = (most if side is None else side for side in (found.yes, found.no))
    return yes / (yes + no) if yes + no else None


def _says(token: str, words: Words) -> bool:
    """Whether a token spells or begins one of the words."""
    alone = masses(TokenLogprob(token, 0.0), *words)
    return alone is not None and (alone.yes is not None or alone.no is not None)
