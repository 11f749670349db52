"""One problem of a pool, with the random draws that policies share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.pool import PADDING, PoolArrays
from ttc.analysis.scores import (
    ScoreLattice,
    fill_invalid,
    first_mean,
    is_binary,
    sample_subset_means,
    verdict_lattice,
)
from ttc.analysis.settings import EstimatorSettings

Made = TypeVar("Made")


@dataclass(frozen=True)
class ProblemView:
    """What a policy sees of one problem: N solutions, the first n verified M times.

    answer_class, correct: (N,); values: (n, M) scores with invalid verdicts treated by the
    settings' rule; counts: (n,). All policies that sample use `orders` and `score_draws`, the same
    random numbers, so that differences between policies carry less noise than the policies.
    tokens, confidence (N,), steps (n, M, L), raw (n, M), pairs (n, n): see `PoolArrays`;
    problem_id: empty where unknown.
    """

    answer_class: IntArray
    correct: BoolArray
    values: FloatArray
    counts: IntArray
    settings: EstimatorSettings
    seed: int
    tokens: FloatArray | None = None
    confidence: FloatArray | None = None
    steps: FloatArray | None = None
    raw: FloatArray | None = None
    pairs: FloatArray | None = None
    problem_id: str = ""

    @classmethod
    def of(
        cls, pool: PoolArrays, index: int, settings: EstimatorSettings, seed: int
    ) -> ProblemView:
        """View of problem `index`, padding removed."""
        total = int(np.count_nonzero(pool.answer_class[index] != PADDING))
        verified = int(np.count_nonzero(pool.verification_count[index] > 0))
        counts = pool.verification_count[index, :verified]

        def of_each(known: FloatArray | None, size: int) -> FloatArray | None:
            return None if known is None else known[index, :size]

        return cls(
            answer_class=pool.answer_class[index, :total],
            correct=pool.correct[index, :total],
            values=fill_invalid(pool.scores[index, :verified], counts, settings.invalid_verdict),
            counts=counts,
            settings=settings,
            seed=seed,
            tokens=of_each(pool.tokens, total),
            confidence=of_each(pool.confidence, total),
            steps=of_each(pool.steps, verified),
            raw=of_each(pool.raw, verified),
            pairs=None if pool.pairs is None else pool.pairs[index, :verified, :verified],
            problem_id=pool.problem_ids[index] if pool.problem_ids else "",
        )

    def generator(self, *stream: int) -> np.random.Generator:
        """A generator of its own for each purpose, so that results don't depend on call order."""
        return np.random.default_rng([self.seed, *stream])

    @property
    def n_verified(self) -> int:
        return len(self.counts)

    @cached_property
    def depth(self) -> int:
        """Verifications of the most verified solution."""
        return int(self.counts.max(initial=0))

    @cached_property
    def right_classes(self) -> IntArray:
        """The answer classes that are right, ascending; none where no solution is."""
        return np.unique(self.answer_class[self.correct])

    @cached_property
    def answered(self) -> BoolArray:
        """(n,) whether a verified solution has a valid answer."""
        return self.answer_class[: self.n_verified] >= 0

    @cached_property
    def binary(self) -> bool:
        return is_binary(self.values, self.counts)

    def fixed_scores(self, v: int) -> FloatArray | None:
        """(n,) scores if they are not random at this v, else None. Invalid answers score 0."""
        if self.settings.verification_draws == "first" or v >= self.depth:
            return np.where(self.answered, first_mean(self.values, v), 0.0)
        return None

    def lattice(self, v: int) -> ScoreLattice | None:
        """Law of the scores at v, None unless verdicts are binary."""
        if not self.binary:
            return None
        if v not in self._lattices:
            self._lattices[v] = verdict_lattice(self.values, self.counts, v, self.answered)
        return self._lattices[v]

    @cached_property
    def _lattices(self) -> dict[int, ScoreLattice]:
        return {}

    def shared(self, key: tuple[str | int, ...], make: Callable[[], Made]) -> Made:
        """What `make` returns, made once for this view: policies share costly tallies by key."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast(Made, self._shared[key])

    @cached_property
    def _shared(self) -> dict[tuple[str | int, ...], object]:
        return {}

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """(draws, n) random orders of the verified solutions; the first S are a random S-subset."""
        rows = np.tile(np.arange(self.n_verified), (self.settings.draws, 1))
        return self.generator(0).permuted(rows, axis=1)

    @cached_property
    def all_orders(self) -> NDArray[np.int64]:
        """(draws, N) random orders of all solutions."""
        rows = np.tile(np.arange(len(self.answer_class)), (self.settings.draws, 1))
        return self.generator(3).permuted(rows, axis=1)

    @cached_property
    def _score_draws(self) -> dict[int, FloatArray]:
        return {}

    def score_draws(self, v: int) -> FloatArray:
        """(draws, n) random scores of the verified solutions at v, or (1, n) where fixed."""
        if v not in self._score_draws:
            fixed = self.fixed_scores(v)
            lattice = self.lattice(v) if fixed is None else None
            if fixed is not None:
                self._score_draws[v] = fixed[None, :]
            elif lattice is not None:
                self._score_draws[v] = lattice.sample(self.settings.draws, self.generator(1, v))
            else:
                self.prepare([v])
        return self._score_draws[v]

    def prepare(self, sizes: list[int]) -> None:
        """Draw the scores of all `sizes` together, which is cheaper when they are not binary."""
        missing = [v for v in sizes if v not in self._score_draws and self.fixed_scores(v) is None]
        if self.binary or not missing:
            return
        means = sample_subset_means(
            self.values, self.counts, missing, self.settings.draws, self.generator(1)
        )
        for v, scores in zip(missing, means, strict=True):
            self._score_draws[v] = np.where(self.answered, scores, 0.0)
