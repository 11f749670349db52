"""Adaptive-Consistency: stop once the leading answer is likely the majority (arXiv 2305.11860)."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar, Literal

from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class AdaptiveConsistency(StoppingRule):
    """Majority vote that stops once its leader is sure (arXiv 2305.11860, Beta criterion)."""

    title: ClassVar[str] = "adaptive consistency"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"sure": (0.7, 0.8, 0.9, 0.95, 0.99)}

    type: Literal["adaptive_consistency"] = "adaptive_consistency"
    sure: float = Field(default=0.95, gt=0.5, lt=1)
    """Probability that the leader stays ahead of the runner-up, at which to stop."""

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        return lead(*drawn.top_two()) >= self.sure


@lru_cache(maxsize=65_536)
def lead(first: int, second: int) -> float:
    """P(p > 1/2) where p has the law Beta(first + 1, second + 1): the paper's stopping criterion.

    first, second: votes of the two most frequent answers.
    """
    from scipy.special import betainc

    return float(betainc(second + 1, first + 1, 0.5))
