"""Adaptive-Consistency by the leader's share of the votes (arXiv 2305.11860)."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from ttc.policies import Drawn, StoppingRule, plurality
from ttc.registry import register


@register
class AdaptiveShare(StoppingRule):
    """Majority vote that stops once its leader has a large share (2305.11860, majority criterion).

    From two solutions on. Solutions without a readable answer count among those that it leads.
    """

    title: ClassVar[str] = "adaptive consistency, share"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"share": (0.5, 0.6, 0.7, 0.8, 0.9)}

    type: Literal["adaptive_share"] = "adaptive_share"
    share: float = Field(default=0.8, gt=0, le=1)
    """Share of the leading answer, at which to stop."""

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes)

    def enough(self, drawn: Drawn) -> bool:
        return len(drawn) > 1 and drawn.top_two()[0] >= self.share * len(drawn) - 1e-9
