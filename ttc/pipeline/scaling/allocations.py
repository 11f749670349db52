"""All allocations that the pool of a run can answer: methods with their S and V, at their cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray
from ttc.pipeline.best_within import Chosen, Problems
from ttc.pipeline.interval import Interval
from ttc.pipeline.scaling.fits import FitRequest, problems_of
from ttc.pipeline.scaling.sources import Ladder, Source, load_sources
from ttc.store.run_folder import RunFolder

Method = tuple[str, str | None]
"""A policy, and whose verifications it reads."""


@dataclass(frozen=True)
class Allocation:
    """A method at its S and V. cost: mean per problem in the unit that was asked for; success:
    expected on new problems, out of bag where S and V were chosen.
    """

    policy: str
    verifier: str | None
    S: int
    V: int
    cost: float
    success: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"success": self.success.as_dict()}


def ladder(largest: int) -> tuple[int, ...]:
    """1, 2, 3, 4, 6, 8, 12 ...: twice as fine as powers of two, and the largest itself."""
    steps = {n for i in range(largest.bit_length()) for n in (2**i, 3 * 2**i // 2)}
    return tuple(sorted({n for n in steps if n <= largest} | {largest}))


@dataclass(frozen=True)
class Allocations:
    """All cells of a run's methods. method, S, V, cost: (cells,); cells: their success, with the
    resamples of `problems`.
    """

    sources: Sequence[Source]
    method: Sequence[Method]
    S: FloatArray
    V: FloatArray
    cost: FloatArray
    cells: Cells
    problems: Problems

    @classmethod
    def of(
        cls,
        run: RunFolder,
        request: FitRequest,
        policies: Sequence[str] | None,
        sizes: Ladder = ladder,
    ) -> Allocations:
        """Of a run. policies: those that read verifications, None: the run's; sizes: S and V.

        Raises `DataError` and `UsageError` as `load_sources` does, and for too few problems.
        """
        sources = load_sources(
            [run],
            policies,
            request.verifier,
            request.unit,
            request.overrides,
            sizes,
            plain=True,
            scoring=request.scoring,
        )
        method, columns, success = _listed(sources)
        problems = problems_of(run, sources[0].problem_ids, request)
        s, v, cost = columns.T
        return cls(sources, method, s, v, cost, Cells(success, problems.weights), problems)

    @property
    def unit(self) -> str:
        """Of costs."""
        return self.sources[0].unit

    def told(self, one: Chosen) -> Allocation:
        """A cell that was chosen."""
        i = one.place
        name, verifier = self.method[i]
        size = int(self.S[i]), int(self.V[i])
        return Allocation(name, verifier, *size, float(self.cost[i]), one.success)


def _listed(sources: Sequence[Source]) -> tuple[list[Method], FloatArray, FloatArray]:
    """Of every cell the method, (cells, 3) S, V and cost, and (problems, cells) success."""
    first = sources[0]
    method: list[Method] = []
    columns: list[tuple[float, float, float]] = []
    success: list[FloatArray] = []

    def add(name: str, verifier: str | None, s: int, v: int, cost: float, y: FloatArray) -> None:
        if not np.isnan(y).any():
            method.append((name, verifier))
            columns.append((s, v, cost))
            success.append(y)

    for i, s in enumerate(first.S):
        cost = float(first.voting(s, np.array(0)))
        add("first" if s == 1 else "majority", None, int(s), 0, cost, first.voted[:, i])
        for name, (values, spent) in first.others.items():
            add(name, None, int(s), 0, float(spent[i]), values[:, i])
    for source in sources:
        costs = source.verifying(source.S[:, None], source.V[None, :])
        for name, values in source.verified.items():
            for i, j in np.ndindex(costs.shape):
                s, v = int(source.S[i]), int(source.V[j])
                add(name, source.verifier, s, v, float(costs[i, j]), values[:, i, j])
    return method, np.array(columns, dtype=np.float64), np.stack(success, axis=1)
