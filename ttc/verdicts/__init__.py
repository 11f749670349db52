"""From a verification's text and token probabilities to a verdict and a score.

The verdict formats and score modes are those of "When To Solve, When To Verify"
(arXiv 2504.01005) and its released code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ttc.core import TokenLogprob
from ttc.verdicts.text import Verdict, find_verdict
from ttc.verdicts.tokens import p_yes_at

__all__ = [
    "ScoreMode",
    "Verdict",
    "find_verdict",
    "p_yes_at",
    "p_yes_at_verdict",
    "parse_verdict",
    "score",
]

ScoreMode = Literal["binary", "logprob", "hybrid"]

_LONE_WORD = re.compile(r"(?<![^\W_])(?:yes|no)(?![^\W_])", re.IGNORECASE)


def parse_verdict(text: str) -> bool | None:
    """True for a Yes, False for a No, None where no verdict can be read."""
    found = find_verdict(text)
    return None if found is None else found.says


def p_yes_at_verdict(logprobs: Sequence[TokenLogprob], text: str | None = None) -> float | None:
    """P(Yes) at the token in which the verdict of a text begins; None where it is unknown.

    Without a text, the tokens are all there is of it, and their last Yes or No is the verdict.
    """
    if not logprobs:
        return None
    if text is None:
        text = "".join(token.token for token in logprobs)
        verdict = find_verdict(text) or _last_word(text)
    else:
        verdict = find_verdict(text)
    return None if verdict is None else p_yes_at(verdict, text, logprobs)


def _last_word(text: str) -> Verdict | None:
    words = list(_LONE_WORD.finditer(text))[-1:]
    return next((Verdict(w[0].lower() == "yes", w[0].lower(), *w.span()) for w in words), None)


def score(verdict: bool | None, p_yes: float | None, mode: ScoreMode) -> float | None:
    """The score in [0, 1] that policies average; None for an invalid verification.

    binary: 1 or 0 from the verdict; logprob: P(Yes); hybrid: P(Yes) where known, else binary.
    """
    binary = None if verdict is None else float(verdict)
    if mode == "binary":
        return binary
    if mode == "logprob":
        return p_yes
    return binary if p_yes is None else p_yes
