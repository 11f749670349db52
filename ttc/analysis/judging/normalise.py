"""Scores in units of a cohort's spread: z- and t-norm, as in speaker verification.

A trial is a solution that claims to solve a problem; a right one is a target, a wrong one an
impostor (Auckenthaler, Carey and Lloyd-Thomas 2000, Digital Signal Processing 10, 42-54).
"""

from __future__ import annotations

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray

_ROUND_OFF = 1e-12


def z_norm(score: FloatArray, correct: BoolArray, problem: IntArray) -> FloatArray:
    """(score - mean) / deviation of the verifier's scores on wrong solutions of other problems.

    score, correct, problem: (n,). Problems are halved, every other one by number, and a trial's
    cohort is the impostors of the other half: so no label of its own problem is in it, and equal
    scores within a half stay equal. It puts verifiers onto one scale, deviations above a wrong
    solution; of one verifier alone it can but move the halves against each other. NaN where a
    cohort has fewer than two impostors, or they all score the same.
    """
    _, rows = _rows(problem)
    half = rows % 2
    out = np.full(len(score), np.nan)
    for side in (0, 1):
        cohort = score[(half != side) & ~correct]
        if len(cohort) >= 2 and (spread := float(cohort.std(ddof=1))) > _ROUND_OFF:
            own = half == side
            out[own] = (score[own] - cohort.mean()) / spread
    return out


def t_norm(score: FloatArray, problem: IntArray) -> FloatArray:
    """(score - mean) / deviation of the scores of the other solutions of the same problem.

    score, problem: (n,). It takes off what a problem does to all its scores, and needs no labels.
    Where those others all score the same, the deviation is that within problems, pooled. NaN where
    a problem has fewer than three solutions.
    """
    number, rows = _rows(problem)
    count = np.bincount(rows, minlength=number)
    shifted = score - (np.bincount(rows, score, number) / count)[rows]
    square = np.bincount(rows, shifted**2, number)
    freedom = float((count - 1).sum())
    pooled = np.sqrt(square.sum() / freedom) if freedom > 0 else 0.0
    n, total = count[rows] - 1.0, square[rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = -shifted / n
        variance = (total - shifted**2 - n * mean**2) / (n - 1)
        spread = np.where(variance > _ROUND_OFF, np.sqrt(np.maximum(variance, 0)), pooled)
        moved = np.where(spread > 0, (shifted - mean) / spread, 0.0)
    return np.asarray(np.where(n >= 2, moved, np.nan))


def _rows(problem: IntArray) -> tuple[int, IntArray]:
    known, rows = np.unique(problem, return_inverse=True)
    return len(known), rows.ravel()
