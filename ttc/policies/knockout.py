"""Knockout tournament over pairwise judgements (arXiv 2411.19477; PairJudge, 2501.13007)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from ttc.policies import Drawn, PolicyPart
from ttc.registry import register


@register
class Knockout(PolicyPart):
    """The solution that wins every round of a knockout tournament (arXiv 2411.19477).

    Solutions with a valid answer meet in the order in which they were drawn, neighbours first; who
    is left over goes on. Equals, and pairs that were never compared, go to the one drawn first,
    which is a coin where the order is random.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"pairs"})
    title: ClassVar[str] = "knockout tournament"

    type: Literal["knockout"] = "knockout"

    def comparisons(self, solutions: int) -> float:
        """All but the winner lose once."""
        return max(0, solutions - 1)

    def choose(self, drawn: Drawn) -> int:
        there = np.flatnonzero(drawn.classes >= 0).tolist()
        while len(there) > 1:
            met = zip(there[::2], there[1::2], strict=False)
            left_over = there[-1:] if len(there) % 2 else []
            there = [b if drawn.pairs[a, b] < 0.5 else a for a, b in met] + left_over
        return int(drawn.classes[there[0]]) if there else -1
