"""P(Yes) of an answer in one token: the probability of one word against that of its opposite."""

from __future__ import annotations

from collections.abc import Sequence

from ttc.core import TokenLogprob
from ttc.verdicts.tokens import masses, share_of_yes

Words = tuple[set[str], set[str]]
"""Words for yes, and words for no."""
YES_NO: Words = ({"yes"}, {"no"})
TRUE_FALSE: Words = ({"true", "a", "yes"}, {"false", "b", "no"})
"""Of an answer to "Is the answer (A) True (B) False?", or to one with Yes and No."""


def p_first_word(tokens: Sequence[TokenLogprob], words: Words) -> float | None:
    """P(yes) / (P(yes) + P(no)) at the first token that says one of the words; None if unknown.

    Where no token that was sampled says one, the first token is read: its alternatives may. Each
    side is the sum over the alternatives that spell or begin one of its words (` Yes`, `Y`); see
    `share_of_yes` for one of which no alternative is known.
    """
    token = next((t for t in tokens if said_by(t, words) is not None), next(iter(tokens), None))
    found = None if token is None else masses(token, *words)
    return None if token is None or found is None else share_of_yes(found, said_by(token, words))


def said_by(token: TokenLogprob, words: Words) -> bool | None:
    """Which of the words a sampled token spells or begins; None where neither, or both."""
    alone = masses(TokenLogprob(token.token, 0.0), *words)
    if alone is None or (alone.yes is None) == (alone.no is None):
        return None
    return alone.yes is not None
