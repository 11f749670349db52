"""Any-reject: a solution falls if one of its V verdicts finds a fault (arXiv 2511.21522)."""

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
class AnyReject(PolicyPart):
    """The solution whose worst verdict is best: one fault found is enough (arXiv 2511.21522).

    Its paper calls this pessimistic verification, as another its own (see `pessimistic`).
    Unreadable verdicts reject nothing; a solution of which all are unreadable scores 0.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"values"})
    title: ClassVar[str] = "any-reject"

    type: Literal["any_reject"] = "any_reject"

    def choose(self, drawn: Drawn) -> int:
        from ttc.analysis.worst_of import least

        usable = (drawn.classes >= 0) & drawn.verified
        worst = np.where(usable, least(drawn.values), -1.0)
        return int(drawn.classes[np.argmax(worst)]) if usable.any() else -1

    def estimate(
        self, view: ProblemView, solutions: Sequence[int], verifications: Sequence[int]
    ) -> Estimate:
        from ttc.analysis.worst_of import best_worst

        return best_worst(view, solutions, verifications, super().estimate)
