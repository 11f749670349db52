"""All allocations that the pool of a run can answer: methods with their S and V, at their cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.pipeline.scaling.sources import Source


@dataclass(frozen=True)
class Allocations:
    """All allocations that the pool can answer. success: (problems, cells); others: (cells,)."""

    method: tuple[tuple[str, str | None], ...]
    S: FloatArray
    V: FloatArray
    cost: FloatArray
    success: FloatArray


def ladder(largest: int) -> tuple[int, ...]:
    """1, 2, 3, 4, 6, 8, 12 ...: twice as fine as powers of two, and the largest itself."""
    steps = {n for i in range(largest.bit_length()) for n in (2**i, 3 * 2**i // 2)}
    return tuple(sorted({n for n in steps if n <= largest} | {largest}))


def allocations_of(sources: Sequence[Source]) -> Allocations:
    first = sources[0]
    method: list[tuple[str, str | None]] = []
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
    sizes, depths, cost = np.array(columns, dtype=np.float64).T
    return Allocations(tuple(method), sizes, depths, cost, np.stack(success, axis=1))
