"""How much verdicts depend on each other, and what that leaves of their number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.estimate import BoolArray, FloatArray


@dataclass(frozen=True)
class Repeated:
    """Sums over each solution's readable scores, (n,) each, of solutions with two or more.

    A score's residual is what it differs from a mean by: that of all scores, or of those of right
    (wrong) solutions, which leaves a verifier's errors. correct: (n,).
    """

    count: FloatArray
    total: FloatArray
    square: FloatArray
    correct: BoolArray

    @classmethod
    def of(cls, scores: FloatArray, correct: BoolArray) -> Repeated:
        """scores: (n, M), NaN where there is none; solutions with fewer than two stay, unused."""
        told = ~np.isnan(scores)
        filled = np.where(told, scores, 0.0)
        count = told.sum(axis=1).astype(np.float64)
        return cls(count, filled.sum(axis=1), (filled**2).sum(axis=1), correct)

    def correlation(
        self, weights: FloatArray | None = None, *, given_label: bool = True
    ) -> FloatArray:
        """Correlation of two scores of one solution, (...); with `weights` (..., n) of solutions.

            rho = sum_i mean_(j != k) r_ij r_ik / sum_i mean_j r_ij^2

        r being residuals: of the mean of all right (all wrong) solutions' scores where
        `given_label`, and so the correlation of errors, which limits what repeating can do; else
        of the mean of all. For yes and no this is phi over all ordered pairs. NaN where nothing
        varies.
        """
        weight = np.ones(len(self.count)) if weights is None else weights
        weight = weight * (self.count >= 2)
        above = np.zeros(weight.shape[:-1])
        below = np.zeros(weight.shape[:-1])
        groups = [self.correct, ~self.correct] if given_label else [np.ones_like(self.correct)]
        n = np.maximum(self.count, 2)
        for inside in groups:
            own = weight * inside
            size = own.sum(axis=-1)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.where(size > 0, (own @ (self.total / n)) / size, 0.0)[..., None]
            first = self.total - n * mean
            second = self.square - 2 * mean * self.total + n * mean**2
            above += (own * (first**2 - second) / (n * (n - 1))).sum(axis=-1)
            below += (own * second / n).sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(below > 1e-12, above / below, np.nan))


def effective_number(number: ArrayLike, correlation: ArrayLike) -> FloatArray:
    """How many independent ones average out as much noise as so many correlated ones.

        n / (1 + (n - 1) rho),

    which tends to 1 / rho (Kish's design effect, 1965). Shapes broadcast. Infinite where a negative
    rho would cancel all noise, NaN where rho is.
    """
    n, rho = np.broadcast_arrays(np.asarray(number, float), np.asarray(correlation, float))
    spread = 1 + (n - 1) * rho
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(spread > 1e-12, n / spread, np.inf)
    return np.asarray(np.where(np.isnan(rho), np.nan, found))


def pearson(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> FloatArray:
    """Correlation of two (n,) columns, (...); weights: (..., n). NaN where one does not vary."""
    weight = np.ones(len(x)) if weights is None else weights
    total = np.maximum(np.asarray(weight.sum(axis=-1)), 1e-300)
    means = [np.asarray((weight @ column) / total)[..., None] for column in (x, y)]
    a, b = (column - mean for column, mean in zip((x, y), means, strict=True))
    va, vb = ((weight * part**2).sum(axis=-1) / total for part in (a, b))
    both = (weight * a * b).sum(axis=-1) / total
    with np.errstate(invalid="ignore", divide="ignore"):
        found = both / np.sqrt(va * vb)
    return np.asarray(np.where((va > 1e-12) & (vb > 1e-12), np.clip(found, -1, 1), np.nan))


@dataclass(frozen=True)
class Together:
    """How several verifiers err together. correlation: (k, k) of their errors.

    mean: of all pairs; by_mean, by_eigenvalues: the effective number of independent verifiers.
    """

    correlation: FloatArray

    @property
    def mean(self) -> float:
        """Mean correlation of two different verifiers; NaN where some pair has none."""
        k = len(self.correlation)
        apart = ~np.eye(k, dtype=np.bool_)
        return float(self.correlation[apart].mean()) if k > 1 else float("nan")

    @property
    def by_mean(self) -> float:
        """As many as average out the noise that a mean of k does: k / (1 + (k - 1) mean)."""
        return float(effective_number(len(self.correlation), self.mean))

    @property
    def by_eigenvalues(self) -> float:
        """(sum of eigenvalues)^2 / sum of their squares = k^2 / sum of squared correlations.

        The number of independent directions (Bretherton et al. 1999).
        """
        return len(self.correlation) ** 2 / float((self.correlation**2).sum())


def errors_together(
    scores: FloatArray, correct: BoolArray, weights: FloatArray | None = None
) -> Together:
    """scores: (k, n) of the solutions that all k verifiers judged. weights: (n,), 1 unless given.

    An error is a score less the verifier's mean over right (wrong) solutions, so that verifiers are
    not alike for knowing what is right.
    """
    weight = np.ones(len(correct)) if weights is None else weights
    residual = np.array(scores, dtype=np.float64)
    for inside in (correct, ~correct):
        own = weight * inside
        if own.sum() > 0:
            residual -= np.where(inside, ((residual @ own) / own.sum())[:, None], 0.0)
    pairs = [[float(pearson(a, b, weight)) for b in residual] for a in residual]
    found = np.array(pairs)
    np.fill_diagonal(found, 1.0)
    return Together(found)
