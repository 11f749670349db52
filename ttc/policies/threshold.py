"""Abstention: answer only where there is enough support (selective prediction, Chow 1970)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, PolicyPart
from ttc.policies.majority import Majority
from ttc.refs import PolicyRef
from ttc.registry import register


@register
class Threshold(PolicyPart):
    """Another policy's answer, or none where its share or score is below a threshold.

    An abstention counts as wrong in `success`; how often that is stands beside it.
    """

    title: ClassVar[str] = "abstaining"

    type: Literal["threshold"] = "threshold"
    policy: PolicyRef = Majority()
    """Who chooses."""
    by: Literal["share", "mean", "best"] = "share"
    """What must suffice: the answer's share of all solutions, or the mean or the best score of its
    solutions."""
    least: float = Field(default=0.5, ge=0, le=1)
    """The least of it for an answer."""

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]
        own = frozenset() if self.by == "share" else frozenset({"scores"})
        return self.policy.reads | own

    def comparisons(self, solutions: int) -> float:
        return self.policy.comparisons(solutions)

    def choose(self, drawn: Drawn) -> int:
        choice = self.policy.choose(drawn)
        return choice if choice >= 0 and self._support(drawn, choice) >= self.least else -1

    def _support(self, drawn: Drawn, choice: int) -> float:
        same = drawn.classes == choice
        if self.by == "share":
            return float(same.mean())
        scores = drawn.scores[same & drawn.verified]
        if not len(scores):
            return -1.0
        return float(np.mean(scores) if self.by == "mean" else np.max(scores))
