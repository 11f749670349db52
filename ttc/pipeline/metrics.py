"""What a run's repeated samples say by themselves: coverage, reliability, and single figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import LEVEL, mean_interval
from ttc.analysis.passk import pass_at_k
from ttc.analysis.reliability import (
    bayes_at_n,
    coverage_area,
    g_pass_at_k,
    mg_pass_at_k,
    pass_hat_k,
)
from ttc.errors import DataError
from ttc.pipeline.beyond import Beyond, look_beyond
from ttc.store.attempts import is_measured
from ttc.store.pool import LoadedPool, load_any
from ttc.store.run_folder import RunFolder

TAUS = (0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Figure:
    """A mean over problems, and its interval over new problems; NaN where it says nothing."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        return {name: None if math.isnan(end) else end for name, end in vars(self).items()}


@dataclass(frozen=True)
class Metrics:
    """Metrics of repeated samples of a run's problems.

    k: (K,); by_k: by name a figure for each k; area: of the coverage curve up to k = fewest. mean,
    mean_sd: Bayes@N of the average over these very problems, and its standard deviation under new
    samples of them. fewest, most: solutions of a problem. left_out: problems without a solution.
    beyond: coverage at larger k, where asked for.
    """

    run: str
    problems: int
    fewest: int
    most: int
    level: float
    k: tuple[int, ...]
    by_k: dict[str, list[Figure]]
    area: Figure
    mean: float
    mean_sd: float
    left_out: tuple[str, ...]
    beyond: Beyond | None = None

    @property
    def mean_interval(self) -> tuple[float, float]:
        """Of `mean`, by a normal law, as published."""
        from scipy.special import ndtri

        half = float(ndtri((1 + self.level) / 2)) * self.mean_sd
        return max(0.0, self.mean - half), min(1.0, self.mean + half)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: one row for each k."""
        low, high = self.mean_interval
        return {
            "run": self.run,
            "problems": self.problems,
            "solutions": {"fewest": self.fewest, "most": self.most},
            "level": self.level,
            "intervals": "new problems; of bayes_at_n: these problems, new samples",
            "by_k": [
                {"k": k} | {name: row[i].as_dict() for name, row in self.by_k.items()}
                for i, k in enumerate(self.k)
            ],
            "coverage_area": {"largest_k": self.fewest} | self.area.as_dict(),
            "bayes_at_n": {
                "prior": "Beta(1, 1)",
                "mean": self.mean,
                "sd": self.mean_sd,
                "low": low,
                "high": high,
            },
            "left_out": list(self.left_out),
            "beyond": None if self.beyond is None else self.beyond.as_dict(),
        }


def measure(
    run: RunFolder,
    k: Sequence[int] | None = None,
    level: float = LEVEL,
    beyond: Sequence[int] | None = None,
) -> Metrics:
    """Metrics of a run's solutions at k, powers of two and all of them unless given.

    beyond: sizes, ascending, at which coverage is forecast.

    Raises `DataError` for measured answers, which are no exchangeable samples, and for a k beyond
    what every problem has.
    """
    loaded = _pool(run)
    right, total = right_and_all(loaded)
    fewest = int(total.min())
    sizes = _usual(fewest) if k is None else tuple(k)
    if max(sizes) > fewest:
        raise DataError(
            f"k = {max(sizes)} is beyond {run.name}: some problem has only {fewest} solutions"
        )
    values = _by_problem(right, total, sizes)
    area = coverage_area(right, total)
    flat = np.column_stack([*values.values(), area])
    figures = _figures(flat, level)
    rows = [figures[i : i + len(sizes)] for i in range(0, len(figures) - 1, len(sizes))]
    posterior = bayes_at_n(right, total)
    return Metrics(
        run=run.name,
        problems=len(total),
        fewest=fewest,
        most=int(total.max()),
        level=level,
        k=sizes,
        by_k=dict(zip(values, rows, strict=True)),
        area=figures[-1],
        mean=posterior.overall,
        mean_sd=posterior.overall_sd,
        left_out=loaded.left_out,
        beyond=(
            look_beyond(right, total, loaded.arrays.problem_ids, beyond, level) if beyond else None
        ),
    )


def right_and_all(loaded: LoadedPool) -> tuple[IntArray, IntArray]:
    """(problems,) right and all solutions."""
    arrays = loaded.arrays
    return np.count_nonzero(arrays.correct, axis=1), arrays.n_solutions


def _pool(run: RunFolder) -> LoadedPool:
    if is_measured(run):
        raise DataError(
            f"{run.name} has no k: its solutions are no exchangeable draws; ttc curves shows what "
            "its sampler answers within a limit of tokens"
        )
    return load_any(run)


def _usual(fewest: int) -> tuple[int, ...]:
    return tuple(sorted({fewest, *(2**i for i in range(fewest.bit_length()))}))


def _by_problem(right: IntArray, total: IntArray, k: Sequence[int]) -> dict[str, FloatArray]:
    """By name (problems, len(k))."""
    found = {"pass_at_k": pass_at_k(right, total, k)}
    for tau in TAUS:
        found[f"g_pass_at_k_{tau:g}"] = g_pass_at_k(right, total, k, tau)
    averaged = mg_pass_at_k(right, total, k)
    averaged[:, np.asarray(k) == 1] = np.nan  # the published sum is empty: 0 for any model
    return found | {
        "mg_pass_at_k": averaged,
        "pass_hat_k": pass_hat_k(right, total, k),
    }


def _figures(values: FloatArray, level: float) -> list[Figure]:
    """Of each column of (problems, columns)."""
    low, high = mean_interval(values, level)
    ends = zip(values.mean(axis=0), low, high, strict=True)
    return [Figure(*map(float, one)) for one in ends]
