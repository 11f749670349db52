"""Best-of-majority: the best score among solutions of frequent answers (arXiv 2510.03199)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn
from ttc.policies._measure import MeasuringPolicy
from ttc.registry import register


@register
class BestOfMajority(MeasuringPolicy):
    """The best-scored solution among those with a frequent answer (arXiv 2510.03199).

    The paper keeps answers whose frequency in the S samples reaches a threshold, and submits the
    best k by reward; here one. Where no answer reaches it, the most frequent ones stay. To keep a
    number of answers (`answers`), those with as many votes as the last of them included, is ours.
    """

    title: ClassVar[str] = "best-of-majority"
    aliases: ClassVar[tuple[str, ...]] = ("bom",)
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"share": (0, 0.05, 0.1, 0.2, 0.35, 0.5)}

    type: Literal["best_of_majority"] = "best_of_majority"
    share: float = Field(default=0.1, ge=0, le=1)
    """Share of the solutions that must give an answer for it to stay. 0: best-of-N."""
    answers: int | None = Field(default=None, ge=1, le=1_000_000)
    """At most so many of the most frequent answers stay; 1: the majority's, by score on a tie."""

    def choose(self, drawn: Drawn) -> int:
        measure = self.measure(drawn)
        if np.isnan(measure).all():
            return -1
        votes = np.bincount(drawn.classes[drawn.classes >= 0])
        ranked = np.sort(votes[votes > 0])[::-1]
        least = min(float(ranked[0]), self.share * len(drawn) - 1e-9)
        if self.answers is not None:
            least = max(least, float(ranked[min(self.answers, len(ranked)) - 1]))
        frequent = np.append(votes >= least, False)[drawn.classes]
        if not (frequent & ~np.isnan(measure)).any():  # the frequent ones are not verified
            frequent = ~np.isnan(measure)
        known = np.where(frequent & ~np.isnan(measure), measure, -np.inf)
        return int(drawn.classes[np.argmax(known)])
