"""The answer of an estimator: values, their Monte Carlo errors, and how each was obtained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


class Method(IntEnum):
    """How a cell was computed. `UNAVAILABLE`: the pool is too small for it, the value is NaN."""

    UNAVAILABLE = 0
    EXACT = 1
    MONTE_CARLO = 2


METHOD_NAMES = tuple(member.name.lower() for member in Method)


@dataclass(frozen=True)
class Estimate:
    """Success probabilities with their errors; these three arrays share one shape.

    `value` is a probability (NaN where unavailable). `standard_error` is that of the Monte Carlo
    average given the pool (0 where exact, NaN where unavailable); it says nothing of how far the
    pool itself lies from the model it was sampled from. `method` holds `Method` codes.

    used_s, used_v: of the same shape, mean solutions used and verifications of each; None where a
    policy uses the S and V that it is given. paths: (..., draws) solutions used in each random
    order, of a rule that stops. abstained: share of draws of which nothing was chosen, NaN or None
    where nobody counted.
    """

    value: FloatArray
    standard_error: FloatArray
    method: CodeArray
    used_s: FloatArray | None = None
    used_v: FloatArray | None = None
    paths: FloatArray | None = None
    abstained: FloatArray | None = None

    @classmethod
    def exact(cls, value: FloatArray) -> Estimate:
        """Wrap exact values; NaN marks cells that the pool cannot answer."""
        missing = np.isnan(value)
        error = np.where(missing, np.nan, 0.0)
        code = np.where(missing, Method.UNAVAILABLE, Method.EXACT).astype(np.int8)
        return cls(value, error, code)

    @classmethod
    def unavailable(cls, shape: tuple[int, ...]) -> Estimate:
        """All cells NaN, to be filled one by one."""
        return cls.exact(np.full(shape, np.nan))

    def with_use(self, used_s: FloatArray, draws: int) -> Estimate:
        """The same with use of its own, of so many random orders, to be filled."""
        return replace(self, used_s=used_s, paths=np.full((*self.value.shape, draws), np.nan))

    def with_abstentions(self) -> Estimate:
        """The same with a share of abstentions, to be filled."""
        return replace(self, abstained=np.full(self.value.shape, np.nan))

    @classmethod
    def stack(cls, parts: Sequence[Estimate]) -> Estimate:
        """Put estimates of equal shape and kind along a new first axis."""

        def column(name: str) -> Any:
            arrays = [getattr(part, name) for part in parts]
            return None if arrays[0] is None else np.stack(arrays)

        return cls(**{f.name: column(f.name) for f in fields(cls)})

    def set(self, cell: Any, value: Any, error: Any, method: Method | CodeArray) -> None:
        """Write one cell (or any selection of them) in place."""
        self.value[cell] = value
        self.standard_error[cell] = error
        self.method[cell] = method
