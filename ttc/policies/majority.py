"""The most frequent answer: self-consistency (arXiv 2203.11171)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ttc.policies import Drawn, PolicyPart, plurality
from ttc.registry import register


@register
class Majority(PolicyPart):
    """The most frequent answer: self-consistency (arXiv 2203.11171)."""

    type: Literal["majority"] = "majority"

    def choose(self, drawn: Drawn) -> int:
        return plurality(drawn.classes, np.ones(len(drawn.classes)))
