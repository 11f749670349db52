"""Shortest majority vote: frequent answers by short solutions (arXiv 2502.12215)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.analysis.estimate import FloatArray
from ttc.policies import Drawn, PolicyPart, plurality
from ttc.registry import register

SHORT = 2.0
"""Tokens below which lengths count as this: log 1 is 0."""


class LengthPolicy(PolicyPart):
    """Base of votes that favour solutions of some length."""

    reads: ClassVar[frozenset[str]] = frozenset({"tokens"})
    sign: ClassVar[int]
    """1 where short solutions are favoured, -1 where long ones are."""

    voters: int | None = Field(default=None, ge=1, le=1_000_000)
    """Only so many solutions vote, and alike; the answer of the most extreme wins a tie."""

    def choose(self, drawn: Drawn) -> int:
        tokens = np.where(drawn.classes >= 0, drawn.tokens, np.nan)
        if np.isnan(tokens).all():
            return -1
        return self._of_few(drawn, tokens) if self.voters else self._of_all(drawn, tokens)

    def _of_all(self, drawn: Drawn, tokens: FloatArray) -> int:
        """By votes over (or times) the log of the answer's mean length, in tokens."""
        known = ~np.isnan(tokens)
        classes = drawn.classes[known]
        votes = np.bincount(classes)
        mean = np.bincount(classes, weights=tokens[known]) / np.maximum(votes, 1)
        merit = votes * np.log(np.maximum(mean, SHORT)) ** -self.sign
        each = merit / np.maximum(votes, 1)
        return plurality(drawn.classes, np.where(known, np.append(each, 0.0)[drawn.classes], 0.0))

    def _of_few(self, drawn: Drawn, tokens: FloatArray) -> int:
        extreme = np.argsort(self.sign * tokens, kind="stable")[: self.voters]
        extreme = extreme[~np.isnan(tokens[extreme])]
        votes = np.bincount(drawn.classes[extreme])
        leading = [i for i in extreme if votes[drawn.classes[i]] == votes.max()]
        return int(drawn.classes[leading[0]])


@register
class ShortestMajority(LengthPolicy):
    """Votes of an answer over the log of its solutions' mean length (arXiv 2502.12215).

    With `voters` m, majority vote of the m shortest solutions, as short-m@k of arXiv 2505.17813.
    Whether Heimdall's baseline of this name (arXiv 2504.10337) is the same is not known to us.
    """

    title: ClassVar[str] = "shortest majority"
    sign: ClassVar[int] = 1

    type: Literal["shortest_majority"] = "shortest_majority"
