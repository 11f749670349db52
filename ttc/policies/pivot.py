"""Pivot tournament over pairwise judgements (LLM-as-a-Verifier, arXiv 2607.05391)."""

from __future__ import annotations

from math import comb
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from ttc.analysis.drawn import mean_share
from ttc.analysis.estimate import BoolArray, FloatArray
from ttc.policies import Drawn, PolicyPart
from ttc.registry import register


@register
class Pivot(PolicyPart):
    """The solution with the best mean share in a pivot tournament (arXiv 2607.05391).

    First each solution with a valid answer meets its two neighbours on a ring, here the order in
    which they were drawn; then all meet the `pivots` best of that round. The mean share of all
    comparisons decides, a solution that was never compared having half.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"pairs"})
    title: ClassVar[str] = "pivot tournament"

    type: Literal["pivot"] = "pivot"
    pivots: int = Field(default=2, ge=1, le=10_000)
    """How many everybody is compared with."""

    def comparisons(self, solutions: int) -> float:
        """The paper's N + k (N - k) + C(k, 2), but no more than there are pairs."""
        k = min(self.pivots, solutions)
        return min(comb(solutions, 2), solutions + k * (solutions - k) + comb(k, 2))

    def choose(self, drawn: Drawn) -> int:
        there = np.flatnonzero(drawn.classes >= 0)
        n = len(there)
        if not n:
            return -1
        pairs = drawn.pairs[np.ix_(there, there)]
        ring = np.eye(n, k=1, dtype=np.bool_)
        ring[-1, 0] = n > 1
        met = ring | ring.T
        pivots = np.argsort(-self._share(pairs, met), kind="stable")[: self.pivots]
        met[pivots] = met[:, pivots] = True
        return int(drawn.classes[there[np.argmax(self._share(pairs, met))]])

    @staticmethod
    def _share(pairs: FloatArray, met: BoolArray) -> FloatArray:
        """(n,) mean share in the comparisons that were made, half where there was none."""
        share = mean_share(np.where(met, pairs, np.nan))
        return np.where(np.isnan(share), 0.5, share)
