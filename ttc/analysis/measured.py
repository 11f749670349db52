"""Success against compute of attempts that give one answer: measured, by stopping each at a limit.

Stopped at C, an attempt would have said its last answer whose cost by then was at most C; without
one it is wrong. It would have used the samples that it drew before C was reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import FloatArray, IntArray

_SLACK = 1e-9
MOST_CAPS = 16
"""Limits on a curve, beside those that are asked for."""


@dataclass(frozen=True)
class Attempts:
    """What attempts drew and said, both in the order in which they did.

    problem: (attempts,) row of its problem, from 0, each problem with one attempt at least.
    drawn: (samples,) the attempt of each sample; used: (samples,) by unit what it used, NaN where
    unknown, `tokens` among the units. said: (answers,) the attempt of each answer; cost: tokens by
    then; right: whether it is right; latency: seconds until then.
    """

    problem: IntArray
    drawn: IntArray
    used: Mapping[str, FloatArray]
    said: IntArray
    cost: FloatArray
    right: NDArray[np.bool_]
    latency: FloatArray

    @property
    def n_problems(self) -> int:
        return int(self.problem.max()) + 1 if len(self.problem) else 0

    def whole(self) -> FloatArray:
        """(attempts,) tokens of all that each drew."""
        return self._sum(self.used["tokens"])

    def by_problem(self, values: FloatArray) -> FloatArray:
        """(problems,) means of (attempts,) values over a problem's attempts."""
        total = np.bincount(self.problem, weights=values, minlength=self.n_problems)
        return np.asarray(total / np.bincount(self.problem, minlength=self.n_problems))

    def repeat_variance(self, values: FloatArray) -> float:
        """Variance of the mean of (attempts,) values that their spread within problems causes.

        NaN where some problem has a single attempt, of which it can't be told.
        """
        count = np.bincount(self.problem, minlength=self.n_problems)
        if not len(count) or count.min() < 2:
            return float("nan")
        around = (values - self.by_problem(values)[self.problem]) ** 2
        within = np.bincount(self.problem, weights=around, minlength=len(count))
        return float(np.mean(within / (count - 1) / count) / len(count))

    def _sum(self, values: FloatArray) -> FloatArray:
        found = np.bincount(self.drawn, weights=values, minlength=len(self.problem))
        return np.asarray(found, dtype=np.float64)

    def stopped(self, cap: float) -> Stopped:
        """Each attempt stopped at so many tokens."""
        inside = self._so_far() <= cap * (1 + _SLACK)
        used = {unit: self._sum(np.where(inside, of, 0.0)) for unit, of in self.used.items()}
        for unit, of in self.used.items():
            if np.isnan(of).any():
                used[unit] = np.full(len(self.problem), np.nan)
        last = np.full(len(self.problem), -1)
        in_time = np.flatnonzero(self.cost <= cap * (1 + _SLACK))
        np.maximum.at(last, self.said[in_time], in_time)
        spoken = last >= 0
        right, latency = np.zeros(len(last), dtype=np.bool_), np.full(len(last), np.nan)
        right[spoken], latency[spoken] = self.right[last[spoken]], self.latency[last[spoken]]
        return Stopped(right, used, latency)

    def _so_far(self) -> FloatArray:
        """(samples,) tokens of an attempt up to each of its samples."""
        tokens = self.used["tokens"]
        total = np.cumsum(tokens)
        begins = np.searchsorted(self.drawn, self.drawn)
        return np.asarray(total - (total[begins] - tokens[begins]))


@dataclass(frozen=True)
class Stopped:
    """(attempts,) whether the answer is right, by unit what was used, seconds until the answer.

    latency: NaN where there is no answer yet.
    """

    right: NDArray[np.bool_]
    used: Mapping[str, FloatArray]
    latency: FloatArray


def caps(attempts: Attempts, wanted: Sequence[float] = ()) -> list[float]:
    """Limits in tokens, ascending: evenly on a log scale from the cheapest first answer to all.

    wanted: limits that are to be among them. At the last one nothing is stopped.
    """
    last = float(attempts.whole().max(initial=0.0))
    first = float(attempts.cost.min()) if len(attempts.cost) else last
    first = min(max(first, 1.0), last) if last > 0 else last
    between = np.ceil(np.geomspace(first, last, MOST_CAPS)) if last > first else np.array([last])
    inside = {float(c) for c in (*between, *wanted) if first <= c < last}
    return sorted({*inside, first, last})
