"""The answer with the largest sum of its solutions' mean verification scores."""

from __future__ import annotations

from typing import ClassVar, Literal

from ttc.policies import Drawn, PolicyPart, plurality
from ttc.registry import register


@register
class WeightedMajority(PolicyPart):
    """The answer with the largest sum of its solutions' mean verification scores."""

    needs_verifications: ClassVar[bool] = True

    type: Literal["weighted_majority"] = "weighted_majority"

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes, drawn.scores)
