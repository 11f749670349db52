"""The most frequent answer: self-consistency (arXiv 2203.11171)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from ttc.policies import Drawn, PolicyPart, plurality
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class Majority(PolicyPart):
    """The most frequent answer: self-consistency (arXiv 2203.11171)."""

    title: ClassVar[str] = "self-consistency"
    aliases: ClassVar[tuple[str, ...]] = ("maj@k", "sc", "self_consistency")

    type: Literal["majority"] = "majority"

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes)

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.policies import majority

        return majority(view, solutions, verifications)
