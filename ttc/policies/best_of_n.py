"""The solution with the highest mean verification score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ttc.analysis.scores import first_mean
from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class BestOfN(PolicyPart):
    """The solution with the highest mean verification score.

    One without a valid answer scores 0 (arXiv 2504.01005), so it may be the one where none scores
    more: then there is no answer.
    """

    title: ClassVar[str] = "best-of-N"
    aliases: ClassVar[tuple[str, ...]] = ("bon",)

    type: Literal["best_of_n"] = "best_of_n"
    aggregate: Literal["last", "min", "mean", "product"] | None = None
    """How the scores of steps make that of a verification (arXiv 2501.07301 compares them); none:
    the verification's own score."""

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"scores"} if self.aggregate is None else {"steps"})

    def choose(self, drawn: Drawn) -> int:
        scores = drawn.scores
        if self.aggregate is not None:
            from ttc.analysis.step_scores import aggregated

            each = aggregated(drawn.steps, self.aggregate)
            scores = np.where(drawn.verified, first_mean(each, each.shape[1]), np.nan)
        known = np.where(drawn.classes >= 0, scores, 0.0)
        known = np.where(drawn.verified, known, -1.0)
        return int(drawn.classes[np.argmax(known)]) if drawn.verified.any() else -1

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.policies import best_of_n

        if self.aggregate is not None and view.steps is not None:
            from ttc.analysis.step_scores import aggregated

            view = replace(view, values=aggregated(view.steps, self.aggregate))
        return best_of_n(view, solutions, verifications)
