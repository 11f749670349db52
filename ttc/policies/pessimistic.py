"""Pessimistic verification: best mean score, less a penalty for answers that few solutions gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class Pessimistic(PolicyPart):
    """The answer of best mean score, less a penalty for few solutions (arXiv 2504.10337)."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"alpha": (0, 0.25, 0.5, 1, 2)}

    type: Literal["pessimistic"] = "pessimistic"
    alpha: float = Field(default=0.5, ge=0, le=1e6)
    """Weight of the penalty: 0 takes the best mean score, a large one tends to majority vote."""

    def choose(self, drawn: Drawn) -> int:
        """As `ttc.analysis.weighted.pessimistic_merit`."""
        from ttc.analysis.weighted import near_best

        usable = (drawn.classes >= 0) & drawn.verified
        if not usable.any():
            return -1
        classes = drawn.classes[usable]
        count = np.bincount(classes)
        mean = np.bincount(classes, weights=drawn.scores[usable]) / np.maximum(count, 1)
        judged = np.bincount(classes, weights=drawn.verifications[usable])
        total = drawn.verifications[drawn.verified].sum()
        bound = mean - self.alpha * np.log(total) / (judged + 1)
        return int(np.argmax(near_best(np.where(count > 0, bound, -np.inf))))

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.weighted import pessimistic

        return pessimistic(view, solutions, verifications, self.alpha)
