"""The answer with the largest sum of its solutions' mean verification scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from ttc.policies import Drawn, PolicyPart, plurality
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class WeightedMajority(PolicyPart):
    """The answer with the largest sum of its solutions' mean verification scores."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    title: ClassVar[str] = "weighted majority"

    type: Literal["weighted_majority"] = "weighted_majority"

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes, drawn.scores)

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.weighted import weighted_majority

        return weighted_majority(view, solutions, verifications)
