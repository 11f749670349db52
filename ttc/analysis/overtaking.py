"""The budget from which on one method stays ahead of another, with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.estimate import FloatArray

_EQUAL = 1e-9


def overtaking(
    gap: FloatArray, low: FloatArray, high: FloatArray, budgets: FloatArray
) -> tuple[float, float, float]:
    """From which budget on a gap is above 0 for good, and between which budgets that may lie.

    gap, low, high: (budgets,) a difference and the ends of its interval; budgets: ascending, those
    at which the gap changes. The interval has the budgets in it at which the gap may be 0 (Fieller
    1954), so it is no narrower than what is known of the gap: it begins after the last budget at
    which the method is surely behind, and ends where it is surely ahead from then on. Infinite:
    never within these budgets. NaN for no budgets at all.
    """
    if not len(budgets):
        return float("nan"), float("nan"), float("nan")
    at = _after(gap <= _EQUAL, budgets)
    first = _after(high < -_EQUAL, budgets)
    last = _after(low <= _EQUAL, budgets)
    return at, min(first, at), max(last, at)


def _after(held: NDArray[np.bool_], budgets: FloatArray) -> float:
    """The first budget after the last at which something held, which may be none."""
    places = np.flatnonzero(held)
    if not len(places):
        return float(budgets[0])
    end = int(places[-1])
    return float("inf") if end == len(budgets) - 1 else float(budgets[end + 1])
