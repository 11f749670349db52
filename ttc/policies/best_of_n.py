"""The solution with the highest mean verification score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register

if TYPE_CHECKING:
    from ttc.analysis.estimate import Estimate
    from ttc.analysis.problem_view import ProblemView


@register
class BestOfN(PolicyPart):
    """The solution with the highest mean verification score."""

    reads: ClassVar[frozenset[str]] = frozenset({"scores"})
    title: ClassVar[str] = "best-of-N"
    aliases: ClassVar[tuple[str, ...]] = ("bon",)

    type: Literal["best_of_n"] = "best_of_n"

    def choose(self, drawn: Drawn) -> int:
        known = np.where((drawn.classes >= 0) & drawn.verified, drawn.scores, -1.0)
        return int(drawn.classes[np.argmax(known)]) if known.max(initial=-1.0) >= 0 else -1

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.policies import best_of_n

        return best_of_n(view, solutions, verifications)
