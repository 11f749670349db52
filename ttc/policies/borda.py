"""Borda vote: solutions weigh by the rank of their score (self-certainty, arXiv 2502.18581)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, plurality
from ttc.policies._measure import MeasuringPolicy
from ttc.registry import register


@register
class Borda(MeasuringPolicy):
    """Vote weighted by (S - rank + 1)^power, rank 1 being the best score (arXiv 2502.18581).

    Ranks are among the solutions that vote; equals share their mean rank. Power 0 is majority vote,
    a large one takes the best solution.
    """

    title: ClassVar[str] = "Borda vote"
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"power": (0, 0.3, 0.7, 1.2, 2, 4)}

    type: Literal["borda"] = "borda"
    power: float = Field(default=1.0, ge=0, le=100)
    """How much better a better rank is."""

    def choose(self, drawn: Drawn) -> int:
        measure = self.measure(drawn)
        known = ~np.isnan(measure)
        if not known.any():
            return -1
        _, level, count = np.unique(measure[known], return_inverse=True, return_counts=True)
        place = (np.cumsum(count) - (count - 1) / 2)[level]
        weight = np.full(len(drawn), np.nan)
        weight[known] = (place / len(place)) ** self.power
        return plurality(drawn.classes, weight)
