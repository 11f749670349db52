"""Pessimistic verification: best mean score, less a penalty for answers that few solutions gave."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from ttc.analysis.settings import EstimatorSettings
from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

_ALPHA = EstimatorSettings().alpha


@register
class Pessimistic(PolicyPart):
    """The answer of best mean score, less a penalty for few solutions (arXiv 2504.10337)."""

    needs_verifications: ClassVar[bool] = True

    type: Literal["pessimistic"] = "pessimistic"

    def choose(self, drawn: Drawn) -> int:
        """As `ttc.analysis.weighted.pessimistic_merit`, which knows one V for all solutions."""
        usable = (drawn.classes >= 0) & drawn.verified
        if not usable.any():
            return -1
        classes = drawn.classes[usable]
        count = np.bincount(classes)
        mean = np.bincount(classes, weights=drawn.scores[usable]) / np.maximum(count, 1)
        judged = np.bincount(classes, weights=drawn.verifications[usable])
        total = drawn.verifications[drawn.verified].sum()
        bound = mean - _ALPHA * np.log(total) / (judged + 1)
        return int(np.argmax(np.where(count > 0, bound, -np.inf)))
