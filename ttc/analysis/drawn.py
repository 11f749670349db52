"""What a policy may read of solutions that were drawn: arrays, and never which answer is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.scores import as_decimals, first_mean
from ttc.core import Solution, Verification

READABLE = ("scores", "values", "raw", "steps", "confidence", "tokens", "pairs")
"""What a policy may declare in `reads`; the properties of `Drawn` say what each is."""
OF_VERIFICATIONS = frozenset({"scores", "values", "raw", "steps", "pairs"})
"""Those that verifiers give."""
OF_SOME = ("raw", "steps", "pairs", "confidence", "tokens")
"""Those that not every verifier or solver gives."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """N solutions of one problem, in the order in which they were drawn.

    classes: (N,) answer class of each, -1 invalid; the numbers mean nothing but equality. scores:
    (N,) mean verification score, 0 where all were unreadable, NaN where there is none.
    verifications: (N,) how many each has, unreadable ones included. more: arrays by the names of
    the properties below, which are NaN all over where nobody knows them.
    """

    classes: IntArray
    scores: FloatArray
    verifications: IntArray
    more: Mapping[str, FloatArray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        solutions: Sequence[Solution],
        classes: IntArray,
        verifications: Sequence[Verification] = (),
    ) -> Drawn:
        """Of solutions as they come from a model. classes: (N,), as `Attempt.classes` gives them.

        verifications: of any of these solutions; those of several verifiers count alike. Of
        comparisons, a solution's score is the mean share that it won of each.
        """
        place = {one.index: i for i, one in enumerate(solutions)}
        rows: list[list[Verification]] = [[] for _ in solutions]
        for one in verifications:
            rows[place[one.solution_index]].append(one)
        compared = [one for one in verifications if one.against is not None]
        pairs, played = won(
            np.array([place[one.solution_index] for one in compared], dtype=np.int64),
            np.array([place[one.against or 0] for one in compared], dtype=np.int64),
            np.array([one.score for one in compared], dtype=np.float64),
            len(solutions),
        )
        values, raw, steps = _padded(rows)
        values = as_decimals(values)
        count = np.array([len(row) for row in rows], dtype=np.int64)
        mean = first_mean(values, values.shape[1])
        if compared:
            count, mean = played.max(axis=1), mean_share(pairs)
        more = {
            "pairs": pairs,
            "values": values,
            "raw": raw,
            "steps": steps,
            "confidence": np.array([s.mean_logprob for s in solutions], dtype=np.float64),
            "tokens": np.array([s.completion_tokens for s in solutions], dtype=np.float64),
        }
        return cls(np.asarray(classes), np.where(count > 0, mean, np.nan), count, more)

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def verified(self) -> BoolArray:
        """(N,) which have a score."""
        return np.asarray(~np.isnan(self.scores))

    @property
    def values(self) -> FloatArray:
        """(N, V) score of each verification, NaN where it is unreadable or not there."""
        return self._known("values", (len(self), 0))

    @property
    def raw(self) -> FloatArray:
        """(N, V) each verification's measure in its own unit, where its score is squashed."""
        return self._known("raw", (len(self), 0))

    @property
    def steps(self) -> FloatArray:
        """(N, V, L) probability that each step is right, by verification; NaN where not given."""
        return self._known("steps", (len(self), 0, 0))

    @property
    def confidence(self) -> FloatArray:
        """(N,) mean log probability of a solution's tokens, in nats."""
        return self._known("confidence", (len(self),))

    @property
    def tokens(self) -> FloatArray:
        """(N,) length of each solution: the tokens sampled."""
        return self._known("tokens", (len(self),))

    @property
    def pairs(self) -> FloatArray:
        """(N, N) mean share that solution i won of its comparisons with j, in either order."""
        return self._known("pairs", (len(self), len(self)))

    def _known(self, name: str, shape: tuple[int, ...]) -> FloatArray:
        found = self.more.get(name)
        return np.full(shape, np.nan) if found is None else found

    def head(self, n: int) -> Drawn:
        """The first n of them."""
        return self.take(slice(n))

    def take(self, rows: slice | IntArray) -> Drawn:
        """Some of them, or all in another order."""
        more = {
            name: array[rows] if name != "pairs" else array[rows][:, rows]
            for name, array in self.more.items()
        }
        return Drawn(self.classes[rows], self.scores[rows], self.verifications[rows], more)

    def first(self, choice: int) -> int:
        """Place of the first solution with this answer class."""
        return int(np.flatnonzero(self.classes == choice)[0])

    def top_two(self) -> tuple[int, int]:
        """Votes of the two most frequent valid answers, 0 where there is none."""
        votes = np.sort(np.bincount(self.classes[self.classes >= 0], minlength=2))
        return int(votes[-1]), int(votes[-2])


def given(arrays: Mapping[str, FloatArray | None]) -> frozenset[str]:
    """Which of `OF_SOME` there is anything of. Of imported solutions, lengths of 0 are unknown."""
    known = {name: array for name in OF_SOME if (array := arrays.get(name)) is not None}
    if "tokens" in known and not np.nan_to_num(known["tokens"]).any():
        del known["tokens"]
    return frozenset(name for name, array in known.items() if not np.isnan(array).all())


def won(
    first: IntArray, second: IntArray, share: FloatArray, n: int
) -> tuple[FloatArray, NDArray[np.int64]]:
    """(n, n) mean share that each of n solutions won against each other, and of how many valid.

    first, second: (comparisons,) who was compared, in this order; share: what the first won, NaN
    where that could not be read. NaN for pairs that were never compared.
    """
    total, count = np.zeros((n, n)), np.zeros((n, n), dtype=np.int64)
    known = ~np.isnan(share)
    first, second, share = first[known], second[known], share[known]
    np.add.at(total, (first, second), share)
    np.add.at(total, (second, first), 1.0 - share)
    np.add.at(count, (first, second), 1)
    np.add.at(count, (second, first), 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan), count


def mean_share(pairs: FloatArray) -> FloatArray:
    """(n,) mean share that each won against those it was compared with, NaN without any."""
    there = ~np.isnan(pairs)
    mean = np.where(there, pairs, 0.0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    return np.where(there.any(axis=-1), mean, np.nan)


def _padded(
    rows: Sequence[Sequence[Verification]],
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(N, V) scores, (N, V) raw measures and (N, V, L) step scores, padded with NaN."""
    depth = max((len(row) for row in rows), default=0)
    length = max((len(one.step_scores) for row in rows for one in row), default=0)
    values = np.full((len(rows), depth), np.nan)
    raw = values.copy()
    steps = np.full((len(rows), depth, length), np.nan)
    for i, row in enumerate(rows):
        for j, one in enumerate(row):
            values[i, j] = np.nan if one.score is None else one.score
            raw[i, j] = np.nan if one.raw is None else one.raw
            steps[i, j, : len(one.step_scores)] = one.step_scores
    return values, raw, steps
