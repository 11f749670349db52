"""The answer with the largest sum of its solutions' scores (arXiv 2504.01005, weighted SC)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ttc.policies import Drawn, plurality
from ttc.policies._measure import MeasuringPolicy
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class WeightedMajority(MeasuringPolicy):
    """The answer with the largest sum of its solutions' mean verification scores.

    Raw measures below 0, which scores of LaSeR (arXiv 2510.14943) may be, weigh nothing: no answer
    loses by being given once more.
    """

    title: ClassVar[str] = "weighted majority"

    type: Literal["weighted_majority"] = "weighted_majority"

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes, np.maximum(self.measure(drawn), 0.0))

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.weighted import weighted_majority

        if self.by != "scores":
            return super().estimate(view, solutions, verifications)
        return weighted_majority(view, solutions, verifications)
