"""The pool as arrays: all that estimators may know of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.labels import impure, split_by_label

INVALID = -1
PADDING = -2
ABSENT = -1
_OF_SOLUTIONS = {"answer_class": PADDING, "correct": False, "tokens": np.nan, "confidence": np.nan}
_OF_VERIFIED = {"scores": np.nan, "verification_count": 0, "steps": np.nan, "raw": np.nan}
"""What stands where there is no solution, and no verified one."""


@dataclass(frozen=True)
class PoolArrays:
    """Solutions and verifications of `P` problems, ragged rows padded at their ends.

    answer_class: (P, N) int32, the answer class of each solution; -1 invalid answer, -2 padding
        (the problem has fewer than N solutions).
    correct: (P, N) bool, label of each solution (False in padding). Any number of classes may be
        right, each as a whole: see `labels.split_by_label` for data in which labels disagree.
    scores: (P, N_verified, M) float, score in [0, 1] of each verification of the first
        N_verified solutions; NaN where the verdict was invalid, and in padding.
    verification_count: (P, N_verified) int32, how many verifications of a solution exist; they
        are the first ones of its row. Within a problem, solutions without any come last.
    solution_tokens, verification_tokens: (P,) float, mean completion tokens of one solution and
        of one verification; NaN where unknown.
    problem_ids: (P,) strings, or empty.

    What only some policies read, None where nobody asked for it; NaN where unknown, and in padding:
    tokens: (P, N) tokens sampled for each solution.
    confidence: (P, N) mean log probability of each solution's tokens, in nats.
    steps: (P, N_verified, M, L) probability that each step is right, by verification.
    raw: (P, N_verified, M) each verification's measure in its own unit.
    pairs: (P, N_verified, N_verified) mean share that a solution won against another: of a verifier
        that compares. Then M is how many comparisons each pair had, and the scores are the mean
        share that a solution won.
    """

    answer_class: IntArray
    correct: BoolArray
    scores: NDArray[np.floating]
    verification_count: IntArray
    solution_tokens: FloatArray
    verification_tokens: FloatArray
    problem_ids: tuple[str, ...] = ()
    tokens: FloatArray | None = None
    confidence: FloatArray | None = None
    steps: FloatArray | None = None
    raw: FloatArray | None = None
    pairs: FloatArray | None = None

    def __post_init__(self) -> None:
        check_pool(self)

    def part(self, solutions: IntArray, verified: IntArray) -> PoolArrays:
        """The pool of some of each problem's solutions. A solution may be there more than once.

        solutions: (P, width) places of solutions, -1 for none, at the end of a row; verified:
        (P, width) of those that keep their verifications, which are the first ones of each row.
        """
        found: dict[str, Any] = {
            name: _taken(values, rows, nothing)
            for rows, filling in ((solutions, _OF_SOLUTIONS), (verified, _OF_VERIFIED))
            for name, nothing in filling.items()
            if (values := getattr(self, name)) is not None
        }
        if self.pairs is not None:
            won = _taken(self.pairs, verified, np.nan).swapaxes(1, 2)
            found["pairs"] = _taken(won, verified, np.nan).swapaxes(1, 2)
        return replace(self, **found)

    def with_depth(self, depth: int) -> PoolArrays:
        """The pool with no more than so many verifications of each solution, the first ones."""
        found: dict[str, Any] = {
            name: values[:, :, :depth]
            for name in ("scores", "steps", "raw")
            if (values := getattr(self, name)) is not None
        }
        counts = np.minimum(self.verification_count, depth)
        return replace(self, verification_count=counts, **found)

    @property
    def n_problems(self) -> int:
        return int(self.answer_class.shape[0])

    @property
    def n_solutions(self) -> IntArray:
        """(P,) solutions sampled for each problem."""
        sampled: IntArray = (self.answer_class != PADDING).sum(axis=1, dtype=np.int64)
        return sampled

    @property
    def n_verified(self) -> IntArray:
        """(P,) solutions that carry at least one verification."""
        carriers: IntArray = (self.verification_count > 0).sum(axis=1, dtype=np.int64)
        return carriers

    @property
    def n_verifications(self) -> IntArray:
        """(P,) verifications of the most verified solution."""
        if self.verification_count.shape[1] == 0:
            return np.zeros(self.n_problems, dtype=np.int64)
        most: IntArray = self.verification_count.max(axis=1)
        return most

    @classmethod
    def from_ragged(
        cls,
        answer_class: Sequence[ArrayLike],
        correct_class: Sequence[int] | None = None,
        correct: Sequence[ArrayLike] | None = None,
        scores: Sequence[Sequence[ArrayLike]] = (),
        solution_tokens: ArrayLike | None = None,
        verification_tokens: ArrayLike | None = None,
        problem_ids: Sequence[str] = (),
    ) -> PoolArrays:
        """Build a pool from per-problem lists of any lengths.

        Which solutions are right is said by `correct`, a label of each, or by `correct_class`, one
        class a problem; classes in which labels disagree are split by label. `scores[i][j]` holds
        the scores of the verifications of solution j of problem i (NaN or None for an invalid
        verdict); solutions beyond the list have none. Raises `PoolError`.
        """
        if (correct is None) == (correct_class is None):
            raise PoolError("Give either correct or correct_class, which says what is right.")
        rows = [np.asarray(row, dtype=np.int32) for row in answer_class]
        classes = np.full((len(rows), max((len(r) for r in rows), default=0)), PADDING, np.int32)
        labels = np.zeros(classes.shape, dtype=np.bool_)
        for i, row in enumerate(rows):
            classes[i, : len(row)] = row
            label = correct[i] if correct is not None else _equals(row, correct_class, i)
            labels[i, : len(row)] = np.asarray(label, dtype=np.bool_)
        padded, counts = _pad_scores(scores, len(rows))
        unknown = np.full(len(rows), np.nan)
        return cls(
            answer_class=split_by_label(classes, labels)[0],
            correct=labels,
            scores=padded,
            verification_count=counts,
            solution_tokens=unknown if solution_tokens is None else np.asarray(solution_tokens),
            verification_tokens=(
                unknown if verification_tokens is None else np.asarray(verification_tokens)
            ),
            problem_ids=tuple(problem_ids),
        )


def _taken(values: NDArray[Any], rows: IntArray, nothing: float) -> NDArray[Any]:
    """(problems, width, ...) values at (problems, width) places, `nothing` at -1."""
    if not rows.shape[1]:
        return values[:, :0]
    found = values[np.arange(len(values))[:, None], np.maximum(rows, 0)]
    found[rows < 0] = nothing
    return found


def _equals(row: IntArray, correct_class: Sequence[int] | None, problem: int) -> BoolArray:
    assert correct_class is not None
    return np.asarray((row == correct_class[problem]) & (row >= 0))


def _pad_scores(
    scores: Sequence[Sequence[ArrayLike]], n_problems: int
) -> tuple[FloatArray, NDArray[np.int32]]:
    """Nested lists to (P, N_verified, M) with NaN padding, and how many scores each row holds."""
    rows = [[np.asarray(s, dtype=np.float64).ravel() for s in problem] for problem in scores]
    rows = rows or [[] for _ in range(n_problems)]
    width = max((len(problem) for problem in rows), default=0)
    depth = max((len(s) for problem in rows for s in problem), default=0)
    padded = np.full((len(rows), width, depth), np.nan, dtype=np.float64)
    counts = np.zeros((len(rows), width), dtype=np.int32)
    for i, problem in enumerate(rows):
        for j, row in enumerate(problem):
            padded[i, j, : len(row)] = row
            counts[i, j] = len(row)
    return padded, counts


def check_pool(pool: PoolArrays) -> None:
    """Raise `PoolError` when shapes disagree or a value has no meaning."""
    classes = pool.answer_class
    if classes.ndim != 2 or classes.shape[0] == 0 or classes.shape[1] == 0:
        raise PoolError("The pool is empty: it needs at least one problem with one solution.")
    n_problems, n_solutions = classes.shape
    expected = {
        "correct": (n_problems, n_solutions),
        "verification_count": pool.scores.shape[:2],
        "solution_tokens": (n_problems,),
        "verification_tokens": (n_problems,),
    }
    optional = {"tokens": classes, "confidence": classes, "steps": pool.scores, "raw": pool.scores}
    for name, of in optional.items():
        if getattr(pool, name) is not None:
            expected[name] = of.shape
    if pool.pairs is not None:
        expected["pairs"] = (*pool.scores.shape[:2], pool.scores.shape[1])
    for name, shape in expected.items():
        found = getattr(pool, name).shape[: len(shape)]
        if found != shape:
            raise PoolError(f"{name} has shape {found} where {shape} was expected.")
    if pool.scores.ndim != 3 or pool.scores.shape[0] != n_problems:
        raise PoolError(
            f"scores has shape {pool.scores.shape} where ({n_problems}, verified, M) was expected."
        )
    if pool.problem_ids and len(pool.problem_ids) != n_problems:
        raise PoolError(
            f"{len(pool.problem_ids)} problem_ids were given for {n_problems} problems."
        )
    _check_solutions(pool)
    _check_verifications(pool)


def _check_solutions(pool: PoolArrays) -> None:
    classes = pool.answer_class
    if classes.min() < PADDING:
        raise PoolError("answer_class holds a value below -2; -1 is invalid, -2 is padding.")
    padding = classes == PADDING
    if np.any(padding[:, :-1] & ~padding[:, 1:]):
        raise PoolError("Padding (-2) in answer_class must come after a problem's solutions.")
    if np.any(padding[:, 0]):
        raise PoolError(f"Problem {_name(pool, padding[:, 0])} has no solutions.")
    if np.any(pool.correct & padding):
        raise PoolError("Padding (-2) in answer_class is labelled correct.")
    mixed = impure(classes, pool.correct)
    if np.any(mixed):
        raise PoolError(
            f"Problem {_name(pool, mixed)} has an answer class with right and wrong solutions, or "
            "right ones without an answer; split_by_label makes classes of them that are either."
        )


def _check_verifications(pool: PoolArrays) -> None:
    counts = pool.verification_count
    depth = pool.scores.shape[2]
    if counts.size == 0:
        return
    if counts.min() < 0 or counts.max() > depth:
        raise PoolError(f"verification_count must lie between 0 and the {depth} columns of scores.")
    if np.any((counts[:, :-1] == 0) & (counts[:, 1:] > 0)):
        raise PoolError("Solutions without verifications must come after those that have some.")
    beyond = pool.n_verified > pool.n_solutions
    if np.any(beyond):
        raise PoolError(
            f"Problem {_name(pool, beyond)} has more verified solutions than solutions."
        )
    with np.errstate(invalid="ignore"):
        outside = (pool.scores < 0) | (pool.scores > 1)
    if np.any(outside):
        raise PoolError("Verification scores must lie in [0, 1]; NaN marks an invalid verdict.")


def _name(pool: PoolArrays, mask: BoolArray) -> str:
    """Name of the first problem in `mask`."""
    index = int(np.argmax(mask))
    return repr(pool.problem_ids[index]) if pool.problem_ids else f"number {index}"
