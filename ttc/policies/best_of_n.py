"""The solution with the highest mean verification score."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register


@register
class BestOfN(PolicyPart):
    """The solution with the highest mean verification score."""

    needs_verifications: ClassVar[bool] = True

    type: Literal["best_of_n"] = "best_of_n"

    def choose(self, drawn: Drawn) -> int:
        known = np.where((drawn.classes >= 0) & drawn.verified, drawn.scores, -1.0)
        return int(drawn.classes[np.argmax(known)]) if known.max(initial=-1.0) >= 0 else -1
