"""Comparisons of two solutions, as arrays: who was compared with whom, and what it won."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.drawn import mean_share, won
from ttc.store._samples import Ints, Samples

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Compared:
    """Comparisons, (comparisons,) each: the problem's row, and both solutions' columns in the pool.

    share: what the first one won, NaN where that could not be read.
    """

    row: Ints
    first: Ints
    second: Ints
    share: Floats

    @classmethod
    def of(cls, judged: Samples, owner: Ints, other: Ints, column: Ints) -> Compared:
        """owner, other: places of the two solutions; column: by place, the solution's column."""
        return cls(judged.row, column[owner], column[other], judged["score"])

    def arrays(self, problems: int) -> tuple[Floats, NDArray[np.int32], Floats]:
        """(problems, n, M) scores, (problems, n) counts and (problems, n, n) pairs.

        M is the most comparisons of one pair, and the count of each solution that was compared; its
        scores are the mean share that it won.
        """
        size = 1 + int(max(self.first.max(), self.second.max()))
        pairs = np.full((problems, size, size), np.nan)
        counts = np.zeros((problems, size), dtype=np.int32)
        for row in np.unique(self.row):
            own = self.row == row
            first, second = self.first[own], self.second[own]
            pairs[row], _ = won(first, second, self.share[own], size)
            asked = np.zeros((size, size), dtype=np.int32)
            np.add.at(asked, (first, second), 1)
            asked += asked.T
            counts[row, np.union1d(first, second)] = asked.max()
        depth = int(counts.max())
        scores = np.repeat(mean_share(pairs)[:, :, None], depth, axis=2)
        scores[np.arange(depth) >= counts[:, :, None]] = np.nan
        return scores, counts, pairs
