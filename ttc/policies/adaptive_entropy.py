"""Adaptive-Consistency by the entropy of the answers (arXiv 2305.11860)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.analysis.estimate import IntArray
from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class AdaptiveEntropy(StoppingRule):
    """Majority vote that stops once answers vary little (arXiv 2305.11860, entropy criterion)."""

    title: ClassVar[str] = "adaptive consistency, entropy"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"most": (0.3, 0.45, 0.6, 0.75, 0.9)}

    type: Literal["adaptive_entropy"] = "adaptive_entropy"
    most: float = Field(default=0.75, ge=0, le=1)
    """Entropy over its maximum for as many different answers, at which to stop."""

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        votes = np.bincount(drawn.classes[drawn.classes >= 0])
        return votes.sum() > 1 and normalised_entropy(votes[votes > 0]) <= self.most


def normalised_entropy(votes: IntArray) -> float:
    """Entropy of votes over the logarithm of how many answers there are, from 0 to 1.

    votes: (answers,) of each that was given. As in the paper's code, where there is one answer
    alone, another one with a single vote is imagined: two alike are not yet certain.
    """
    if len(votes) < 2:
        votes = np.append(votes, 1)
    share = votes / votes.sum()
    return float(-(share * np.log(share)).sum() / np.log(len(votes)))
