"""DeepConf offline: the most confident solutions vote by their confidence (arXiv 2508.15260)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.policies import Drawn, plurality
from ttc.policies._measure import MeasuringPolicy
from ttc.registry import register


@register
class FilteredMajority(MeasuringPolicy):
    """Vote of the best-measured share of solutions, weighted by it (DeepConf, arXiv 2508.15260).

    The paper keeps 10 % or 90 % by the confidence of a trace. Of S valid solutions share * S stay,
    rounded up, and all that tie with the last of them. Measures below 0 weigh nothing.
    """

    title: ClassVar[str] = "filtered majority"
    aliases: ClassVar[tuple[str, ...]] = ("deepconf",)
    grid: ClassVar[dict[str, tuple[float, ...]]] = {"share": (0.1, 0.25, 0.5, 0.75, 0.9, 1)}

    type: Literal["filtered_majority"] = "filtered_majority"
    share: float = Field(default=0.1, gt=0, le=1)
    """Share of the solutions that vote, the best ones."""

    def choose(self, drawn: Drawn) -> int:
        measure = self.measure(drawn)
        known = np.sort(measure[~np.isnan(measure)])
        if not len(known):
            return -1
        stay = int(np.ceil(self.share * len(known) - 1e-9))
        kept = measure >= known[-stay]
        return plurality(drawn.classes, np.where(kept, np.maximum(measure, 0.0), np.nan))
