"""Confidence-informed self-consistency, CISC: a vote weighted by a softmax (arXiv 2502.06233)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, plurality
from ttc.policies._measure import MeasuringPolicy
from ttc.registry import register


@register
class SoftmaxMajority(MeasuringPolicy):
    """Vote weighted by exp(c/T) over the sum within the question (CISC, arXiv 2502.06233).

    A large T tends to majority vote, T to 0 to the best solution. The paper tunes T by model and
    kind of confidence and its values are not known to us, so the default is the plain softmax:
    `ttc tune` it.
    """

    title: ClassVar[str] = "softmax-weighted majority"
    aliases: ClassVar[tuple[str, ...]] = ("cisc",)
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"temperature": (0.01, 0.03, 0.1, 0.3, 1, 3)}

    type: Literal["softmax_majority"] = "softmax_majority"
    temperature: float = Field(default=1.0, gt=1e-6, le=1e6)
    """T, in the unit of what counts (`by`)."""

    def choose(self, drawn: Drawn) -> int:
        measure = self.measure(drawn)
        known = ~np.isnan(measure)
        if not known.any():
            return -1
        above = (measure - measure[known].max()) / self.temperature
        return plurality(drawn.classes, np.exp(above))
