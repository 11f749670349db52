"""What more verdicts of each solution buy: quality of the mean of V, averaged over which V."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.judging.levels import Levels
from ttc.analysis.scores import (
    ScoreLattice,
    first_mean,
    is_binary,
    sample_subset_means,
    verdict_lattice,
)


@dataclass(frozen=True)
class ScoreLaw:
    """The law of each solution's score, the mean of V random verdicts of those it has.

    solution, score, mass: (entries,) a solution's number, a score that it may have, and with what
    probability. exact: false of Monte Carlo.
    """

    solution: IntArray
    score: FloatArray
    mass: FloatArray
    exact: bool

    def accepted(self, threshold: float) -> FloatArray:
        """(n,) probability of a score at or above the threshold."""
        number = int(self.solution.max(initial=-1)) + 1
        above = np.where(self.score >= threshold, self.mass, 0.0)
        return np.asarray(np.bincount(self.solution, above, number), dtype=np.float64)

    def ranked(self, correct: BoolArray) -> Levels:
        """Right and wrong solutions by score, in expectation; AUC of these is the mean AUC.

        For AUC is a mean over pairs of a right and a wrong solution, whose draws are independent.
        """
        return Levels.of(self.score, correct[self.solution], self.mass)


def score_law(
    values: FloatArray,
    counts: IntArray,
    v: Sequence[int],
    rng: np.random.Generator,
    draws: int = 64,
) -> list[ScoreLaw]:
    """The law for each V. values: (n, M) scores, NaN invalid or padding; counts: (n,) of each.

    Exact for yes/no verdicts (a hypergeometric law) and where V takes all of them, else by Monte
    Carlo. A mean without a valid verdict is 0, as policies take it; a solution with fewer than V
    verdicts uses all it has.
    """
    if is_binary(values, counts):
        answered = np.ones(len(values), dtype=np.bool_)
        return [_listed(verdict_lattice(values, counts, size, answered)) for size in v]
    depth = int(counts.max(initial=0))
    some = [size for size in v if size < depth]
    drawn = sample_subset_means(values, counts, some, draws, rng)
    laws = {size: _sampled(means, False) for size, means in zip(some, drawn, strict=True)}
    whole = _sampled(first_mean(values, depth)[None], True)
    return [laws.get(size, whole) for size in v]


def _listed(lattice: ScoreLattice) -> ScoreLaw:
    mass = lattice.mass[lattice.kind]
    solution, level = np.nonzero(mass > 0)
    return ScoreLaw(solution, lattice.levels[level], mass[solution, level], True)


def _sampled(means: FloatArray, exact: bool) -> ScoreLaw:
    """means: (draws, n)."""
    draws, n = means.shape
    mass = np.full(means.size, 1 / draws)
    return ScoreLaw(np.tile(np.arange(n), draws), means.ravel(), mass, exact)
