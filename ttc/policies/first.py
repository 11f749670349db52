"""The first solution, unselected: mean accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class First(PolicyPart):
    """The first solution, unselected: mean accuracy."""

    largest: ClassVar[int | None] = 1
    title: ClassVar[str] = "one solution"
    aliases: ClassVar[tuple[str, ...]] = ("mean",)

    type: Literal["first"] = "first"

    def choose(self, drawn: Drawn) -> int:
        return int(drawn.classes[0]) if len(drawn) else -1

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.policies import first

        return first(view, solutions, verifications)
