"""League: every solution against every other, the best mean share wins (arXiv 2411.19477)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from ttc.analysis.drawn import mean_share
from ttc.policies import Drawn, PolicyPart
from ttc.registry import register


@register
class League(PolicyPart):
    """The solution with the best mean share of all comparisons (arXiv 2411.19477)."""

    reads: ClassVar[frozenset[str]] = frozenset({"pairs"})
    title: ClassVar[str] = "league"
    aliases: ClassVar[tuple[str, ...]] = ("round_robin",)

    type: Literal["league"] = "league"

    def choose(self, drawn: Drawn) -> int:
        there = np.flatnonzero(drawn.classes >= 0)
        if not len(there):
            return -1
        share = mean_share(drawn.pairs[np.ix_(there, there)])
        return int(drawn.classes[there[np.argmax(np.where(np.isnan(share), 0.5, share))]])
