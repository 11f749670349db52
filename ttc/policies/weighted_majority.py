"""The answer with the largest sum of its solutions' mean verification scores."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ttc.policies import PolicyPart, plurality
from ttc.registry import register


@register
class WeightedMajority(PolicyPart):
    """The answer with the largest sum of its solutions' mean verification scores."""

    needs_verifications: ClassVar[bool] = True

    type: Literal["weighted_majority"] = "weighted_majority"

    def choose(
        self, classes: NDArray[np.integer[Any]], scores: NDArray[np.floating[Any]], gold: int
    ) -> int:
        return plurality(classes, scores)
