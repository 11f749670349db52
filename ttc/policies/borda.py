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
        known = measure[~np.isnan(measure)]
        if not len(known):
            return -1
        below = (known[None, :] < measure[:, None]).sum(axis=1)
        equal = (known[None, :] == measure[:, None]).sum(axis=1)
        place = below + (equal + 1) / 2
        weight = (place / len(known)) ** self.power
        return plurality(drawn.classes, np.where(np.isnan(measure), np.nan, weight))
