"""Process rewards: a score of each step, and what is made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from ttc.core import Read

Aggregate = Literal["last", "min", "product", "mean"]


def aggregated(scores: Sequence[float], how: Aggregate) -> float:
    """A solution's score of the scores of its steps, which are at least one."""
    if how == "last":
        return scores[-1]
    if how == "min":
        return min(scores)
    if how == "product":
        return math.prod(scores)
    return math.fsum(scores) / len(scores)


def fault_of(steps: int, read: Read) -> str:
    """Why a reading of so many steps is no score, by the name that the tables have for it; "" where
    it is one.
    """
    if read.error or not steps:
        return read.finish_reason
    if len(read.scores) != steps:
        return "wrong_number_of_scores"
    return "" if all(0 <= one <= 1 for one in read.scores) else "no_probability"
