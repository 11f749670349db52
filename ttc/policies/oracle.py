"""Any right solution: coverage, the upper bound of every policy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class Oracle(PolicyPart):
    """Any right solution: coverage, the upper bound of every policy."""

    title: ClassVar[str] = "coverage"
    aliases: ClassVar[tuple[str, ...]] = ("coverage", "pass@k", "pass_at_k")

    type: Literal["oracle"] = "oracle"

    def picks(self, drawn: Drawn, right: Collection[int]) -> int:
        return next((int(one) for one in drawn.classes if int(one) in right), -1)

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.policies import oracle

        return oracle(view, solutions, verifications)
