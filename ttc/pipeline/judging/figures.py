"""A verifier's figures with their intervals over problems, of all solutions and of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import BoolArray, FloatArray, IntArray
from ttc.analysis.intervals import mean_interval
from ttc.analysis.judging.resampling import Resampling
from ttc.pipeline.judging.loading import Judged
from ttc.pipeline.judging.quantities import MEANINGS, Measured, Rules, Shared

ALL = "all"
_MEANS = ("right", "accuracy", "true_positive_rate", "true_negative_rate", "brier")
"""Means of values between 0 and 1 over solutions, whose intervals have a closed form."""


@dataclass(frozen=True)
class Figure:
    """A figure of a verifier; NaN where it, or an end of its interval, can't be told.

    at: what it is at, None for figures at nothing. gap: less that of all other solutions; with its
    interval, NaN for a group of all.
    """

    verifier: str
    by: str
    group: str
    quantity: str
    at: float | None
    value: float
    low: float
    high: float
    n_problems: int
    solutions: int
    gap: float = math.nan
    gap_low: float = math.nan
    gap_high: float = math.nan
    meaning: str = ""

    def row(self, level: float) -> dict[str, Any]:
        """A row of `verifier_metrics`."""
        told = {name: _known(getattr(self, name)) for name in _ENDS}
        return {
            "verifier": self.verifier,
            "by": self.by,
            "group": self.group,
            "quantity": self.quantity,
            "meaning": self.meaning or MEANINGS[self.quantity],
            "at": self.at,
            "estimate": _known(self.value),
            **told,
            "interval_level": level,
            "n_problems": self.n_problems,
            "solutions": self.solutions,
        }


_ENDS = ("low", "high", "gap", "gap_low", "gap_high")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass(frozen=True)
class Sampled:
    """What all figures of a verifier share: resamples of its problems, and who was made together.

    clusters: (problems,) labels, or None.
    """

    judged: Judged
    rules: Rules
    resampling: Resampling
    clusters: IntArray | None
    shared: Shared

    def figures(self, groups: Mapping[str, BoolArray], by: str) -> list[Figure]:
        """Of each group; gaps are to all other solutions, under the same resamples."""
        return [one for name, inside in groups.items() for one in self._of(inside, by, name)]

    def _of(self, inside: BoolArray, by: str, group: str) -> list[Figure]:
        own = Measured(self.judged, self.rules, self.shared, inside)
        rest = Measured(self.judged, self.rules, self.shared, ~inside)
        values, drawn = self._both(own)
        apart, apart_drawn = self._both(rest) if len(rest.rows) else ({}, {})
        found = []
        for name, at in own.keys:
            key = name, at
            solutions, problems = own.counts(name)
            low, high = self._interval(own, key, values[key], drawn[key], problems)
            gap, ends = math.nan, (math.nan, math.nan)
            if key in apart:
                gap = values[key] - apart[key]
                fewest = min(problems, rest.counts(name)[1])
                ends = self._ends(gap, drawn[key] - apart_drawn[key], fewest)
            figure = Figure(
                self.judged.verifier, by, group, name, at, values[key], low, high, problems,
                solutions, gap, *ends,
            )  # fmt: skip
            found.append(figure)
        return found

    def _both(
        self, measured: Measured
    ) -> tuple[dict[tuple[str, float | None], float], dict[tuple[str, float | None], FloatArray]]:
        once = measured.values(np.ones(len(measured.rows)))
        problem = self.judged.problem[measured.rows]
        drawn = self.resampling.draws(measured.values, problem)
        return (
            {key: float(once[i]) for i, key in enumerate(measured.keys)},
            {key: drawn[:, i] for i, key in enumerate(measured.keys)},
        )

    def _interval(
        self,
        own: Measured,
        key: tuple[str, float | None],
        value: float,
        drawn: FloatArray,
        problems: int,
    ) -> tuple[float, float]:
        if key[0] not in _MEANS:
            return self._ends(value, drawn, problems)
        rows = np.flatnonzero(own.inside & own.shared.about(self.judged, key[0]))
        if not len(rows):
            return math.nan, math.nan
        return self.mean_ends(_each(self.judged, self.rules, key[0])[rows], rows)

    def mean_ends(self, values: FloatArray, rows: IntArray) -> tuple[float, float]:
        """Interval of the mean of (rows,) values from 0 to 1, those of one problem going together.

        rows: numbers of the solutions that they are of.
        """
        problem = self.judged.problem[rows]
        label = problem if self.clusters is None else self.clusters[problem]
        low, high = mean_interval(values, self.resampling.level, label)
        return float(low), float(high)

    def _ends(self, value: float, drawn: FloatArray, problems: int) -> tuple[float, float]:
        ends = self.resampling.ends(value, drawn, problems)
        return ends.low, ends.high


def _each(judged: Judged, rules: Rules, name: str) -> FloatArray:
    """(n,) the values that a figure is the mean of."""
    if name == "right":
        return judged.correct.astype(np.float64)
    if name == "brier":
        return np.asarray((judged.score - judged.correct) ** 2)
    return np.where((judged.score >= rules.threshold) == judged.correct, 1.0, 0.0)
