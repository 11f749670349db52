"""From verifications to the scores of solutions, and the distribution of a random subset's mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.settings import InvalidVerdict

DECIMALS = 12
DIGITS = 13
GUIDE = 512
FILL: dict[InvalidVerdict, float] = {"dropped": np.nan, "zero": 0.0, "half": 0.5}


def fill_invalid(
    scores: NDArray[np.floating], counts: IntArray, invalid: InvalidVerdict
) -> FloatArray:
    """Scores as float64 with invalid verdicts replaced where the rule says so.

    scores: (..., n, M), NaN for an invalid verdict and beyond `counts` (..., n); padding stays NaN.
    Those of single precision are read as `as_decimals` does.
    """
    exists = np.arange(scores.shape[-1]) < counts[..., None]
    values = as_decimals(scores.astype(np.float64))
    return np.where(exists & np.isnan(values), FILL[invalid], values)


def as_decimals(values: FloatArray) -> FloatArray:
    """Scores that are all of single precision as the shortest decimals these stand for.

    values: scores in [0, 1] of any shape, NaN for unknown. So means that tie in decimals (0.9 and
    0.2, 0.3 and 0.8) tie though somebody stored them as float32; different scores stay different.
    Scores of which one needs double precision are returned as they are: a judge's 1 - 1e-9 and
    1 - 2e-8, three nats of log-odds apart, are one number in single precision.
    """
    graded = (values > 0) & (values < 1)
    part = values[graded]
    single = part.astype(np.float32)
    if not np.array_equal(single, part):
        return values
    out = values.copy()
    short = part
    for digits in (9, 8, 7):  # 9 always tell a float32 from its neighbours
        fewer = _to_digits(part, digits)
        short = np.where(fewer.astype(np.float32) == single, fewer, short)
    out[graded] = short
    return out


def _to_digits(values: FloatArray, digits: int) -> FloatArray:
    """Values in (0, 1) rounded to so many significant digits."""
    places = digits - 1 - np.floor(np.log10(values))
    scale = 10.0 ** np.minimum(places, 300)
    return np.where(places > 300, values, np.round(values * scale) / scale)


def first_mean(values: FloatArray, v: int) -> FloatArray:
    """Mean of the valid scores among the first v, 0 where there is none: (..., M) -> (...).

    Rounded to 13 significant digits, so that equal means are equal however their sums were
    rounded, and the mean of equal scores is that score: what differs in log-odds then differs here,
    to 1 - 1e-12 where scores are averaged and to the last digit of a float64 where there is one.
    """
    head = values[..., :v]
    valid = ~np.isnan(head)
    total = np.where(valid, head, 0.0).sum(axis=-1)
    mean = _round_means(total / np.maximum(valid.sum(axis=-1), 1))
    low = np.where(valid, head, np.inf).min(axis=-1, initial=np.inf)
    high = np.where(valid, head, -np.inf).max(axis=-1, initial=-np.inf)
    out: FloatArray = np.where(low == high, low, mean)
    return out


def _round_means(mean: FloatArray) -> FloatArray:
    """Means in [0, 1] to 13 significant digits; the few small ones by a slower way."""
    out: FloatArray = np.round(mean, DIGITS)
    small = (mean > 0) & (mean < 0.1)
    out[small] = _to_digits(mean[small], DIGITS)
    return out


@dataclass(frozen=True)
class ScoreLattice:
    """Distribution of each solution's score when it takes few values.

    levels: (L,) ascending; kind: (n,) which row of `mass` a solution follows; mass: (T, L)
    probabilities of the levels for each kind of solution.
    """

    levels: FloatArray
    kind: NDArray[np.int64]
    mass: FloatArray

    def sample(self, draws: int, rng: np.random.Generator) -> FloatArray:
        """(draws, n) independent scores by inversion.

        The uniform number's cell of `GUIDE` tells the level at once, unless a step of the
        distribution lies in the cell; only those are searched for.
        """
        steps = np.cumsum(self.mass, axis=1)
        steps /= steps[:, -1:]
        steps[:, -1] = 1.0
        grid = np.arange(GUIDE + 1) / GUIDE
        edge = np.stack([np.searchsorted(row, grid, side="right") for row in steps])
        edge = np.minimum(edge, len(self.levels) - 1)
        uniform = rng.random((draws, len(self.kind)))
        cell = (uniform * GUIDE).astype(np.int64) + self.kind * GUIDE
        column = edge[:, :-1].ravel()[cell]
        split = np.nonzero((edge[:, :-1] != edge[:, 1:]).ravel()[cell])
        table = (steps + 2.0 * np.arange(len(steps))[:, None]).ravel()
        kind = self.kind[split[1]]
        position = np.searchsorted(table, uniform[split] + 2.0 * kind, side="right")
        column[split] = np.minimum(position - kind * len(self.levels), len(self.levels) - 1)
        scores: FloatArray = self.levels[column]
        return scores


def is_binary(values: FloatArray, counts: IntArray) -> bool:
    """Whether all scores lie in {0, 1, one other}: the other is either 1/2 or dropped (NaN)."""
    exists = np.arange(values.shape[1]) < counts[:, None]
    half = values == 0.5
    dropped = np.isnan(values) & exists
    known = (values == 0) | (values == 1) | half | np.isnan(values)
    return bool(known.all()) and not (half.any() and dropped.any())


def verdict_lattice(
    values: FloatArray, counts: IntArray, v: int, answer_valid: BoolArray
) -> ScoreLattice:
    """Distribution of the mean of a random v-subset of verdicts in {0, 1/2, 1, NaN}.

    values: (n, M) with invalid verdicts NaN (dropped) or filled; counts: (n,). A solution with a
    yes, b no, h half and i dropped verdicts draws v of them (all, if it has fewer): the numbers
    drawn follow the multivariate hypergeometric law, and the score is (yes + half/2) / (yes + no +
    half), 0 if that is 0/0. Half and dropped verdicts must not meet in one problem (see
    `is_binary`), so both are treated as one kind of `other`. Solutions with an invalid answer
    score 0.
    """
    exists = np.arange(values.shape[1]) < counts[:, None]
    yes = np.count_nonzero(values == 1, axis=1)
    half = np.count_nonzero(values == 0.5, axis=1)
    other = half + np.count_nonzero(np.isnan(values) & exists, axis=1)
    makeup = np.column_stack([yes, counts - yes - other, other])
    makeup = np.where(answer_valid[:, None], makeup, np.array([0, 1, 0]))
    kinds, kind = np.unique(makeup, axis=0, return_inverse=True)
    score, mass = _subset_means(kinds, v, float(0.5 if half.any() else np.nan))
    levels, column = np.unique(np.round(score, DECIMALS), return_inverse=True)
    table = np.zeros((len(kinds), len(levels)))
    row = np.broadcast_to(np.arange(len(kinds))[:, None, None], score.shape)
    np.add.at(table, (row.ravel(), column.ravel()), mass.ravel())
    used = table.max(axis=0) > 0
    return ScoreLattice(levels[used], kind.ravel(), table[:, used])


def _subset_means(kinds: IntArray, v: int, other_value: float) -> tuple[FloatArray, FloatArray]:
    """Score and probability of drawing a yes and c others, (T, A, C) each, for T kinds."""
    yes, no, other = (kinds[:, i, None, None] for i in range(3))
    drawn = np.minimum(v, yes + no + other)
    a = np.arange(min(v, int(yes.max())) + 1)[None, :, None]
    c = np.arange(min(v, int(other.max())) + 1)[None, None, :]
    b = drawn - a - c
    possible = (a <= yes) & (c <= other) & (b >= 0) & (b <= no)
    log_mass = (
        _log_choose(yes, np.minimum(a, yes))
        + _log_choose(other, np.minimum(c, other))
        + _log_choose(no, np.clip(b, 0, no))
        - _log_choose(yes + no + other, drawn)
    )
    mass = np.where(possible, np.exp(np.where(possible, log_mass, 0.0)), 0.0)
    counted = drawn if other_value == 0.5 else drawn - c
    points = a + 0.5 * c if other_value == 0.5 else a + 0.0 * c
    score = np.where(possible & (counted > 0), points / np.maximum(counted, 1), 0.0)
    return np.broadcast_to(score, mass.shape), mass


def _log_choose(n: IntArray, k: IntArray) -> FloatArray:
    """Log C(n, k) by the log-gamma function."""
    value: FloatArray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return value


def sample_subset_means(
    values: FloatArray,
    counts: IntArray,
    v: list[int],
    draws: int,
    rng: np.random.Generator,
    block: int = 4_000_000,
) -> FloatArray:
    """Means of random v-subsets of verifications: (len(v), draws, n), for any scores.

    values: (n, M); subsets of different size are nested within a draw, and drawn for each solution
    and draw apart. A solution with fewer than v verifications uses all of them.
    """
    n, depth = values.shape
    out = np.empty((len(v), draws, n))
    rows = max(1, block // max(n * depth, 1))
    exists = np.arange(depth) < counts[:, None]
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        key = rng.random((size, n, depth), dtype=np.float32)
        key[:, ~exists] = 2.0
        order = np.argsort(key, axis=-1)
        shuffled = np.take_along_axis(np.broadcast_to(values, key.shape), order, axis=-1)
        for i, size_v in enumerate(v):
            out[i, start : start + size] = first_mean(shuffled, size_v)
    return out
