"""An estimate with its interval, as commands print and store it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import bootstrap_interval


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; NaN where it can't be told.

    Infinite ends belong to costs that are never reached within the measured range. known: the
    share of resamples in which the figure could be told.
    """

    estimate: float
    low: float
    high: float
    known: float = 1.0

    def as_dict(self) -> dict[str, float | str | None]:
        """Plain data: NaN as null, infinite as the word `never`."""
        named = ("estimate", "low", "high", "known")
        return {name: plain(getattr(self, name)) for name in named}


UNKNOWN = Interval(math.nan, math.nan, math.nan)
"""Of what can't be told."""


def plain(value: float) -> float | str | None:
    """A number for JSON, which has neither NaN nor infinity."""
    if math.isnan(value):
        return None
    return "never" if math.isinf(value) else value


def interval(estimate: float, draws: FloatArray, problems: int, level: float) -> Interval:
    """The interval of a figure from resamples of so many problems, or clusters.

    Those that can't be told are left out. Infinite draws count as larger than all others, so an
    upper end may be infinite: then that share of the resamples never gets there within the measured
    range.
    """
    ends = bootstrap_interval(estimate, draws, problems, level)
    return Interval(estimate, ends.low, ends.high, ends.known)
