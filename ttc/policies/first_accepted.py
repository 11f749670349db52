"""First accepted: verify one solution after the other, and stop at the first that passes."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.analysis.estimate import BoolArray
from ttc.policies import Drawn, StoppingRule
from ttc.policies.best_of_n import BestOfN
from ttc.refs import PolicyRef
from ttc.registry import register


@register
class FirstAccepted(StoppingRule):
    """The first solution whose score passes; only what came until then is drawn and verified.

    S is the most that it draws, and V the verifications of each. Where none of S passes, another
    policy chooses among them.
    """

    title: ClassVar[str] = "first accepted"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"accept": (0.25, 0.5, 0.75, 0.9, 1)}

    type: Literal["first_accepted"] = "first_accepted"
    accept: float = Field(default=0.5, gt=0, le=1)
    """The least mean score that passes."""
    otherwise: PolicyRef = BestOfN()
    """Who chooses where none of S passes."""

    @property
    def reads(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"scores"}) | self.otherwise.reads

    def choose(self, drawn: Drawn) -> int:
        passed = self._passed(drawn)
        if passed.any():
            return int(drawn.classes[np.argmax(passed)])
        return self.otherwise.choose(drawn)

    def enough(self, drawn: Drawn) -> bool:
        return bool(self._passed(drawn).any())

    def _passed(self, drawn: Drawn) -> BoolArray:
        return np.asarray((drawn.classes >= 0) & drawn.verified & (drawn.scores >= self.accept))
