"""What the figures of a scaling fit are called, and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import bootstrap_interval

MEANINGS: dict[str, tuple[str, str]] = {
    "crossover": ("compute from which on verification is ahead of self-consistency", "cost"),
    "sc_plateau": ("best success of self-consistency", "probability"),
    "sc_plateau_cost": ("compute with which self-consistency reaches it", "cost"),
    "match_cost": ("compute with which verification first matches it", "cost"),
    "match_multiple": ("match_cost over sc_plateau_cost", "ratio"),
    "gain": ("best verified success minus the plateau", "probability"),
    "gain_multiple": ("compute of the best verified success over sc_plateau_cost", "ratio"),
    "best_success": ("best verified success", "probability"),
    "grid_a": ("exponent of S, best cells of the grid", "exponent"),
    "grid_b": ("exponent of V, best cells of the grid", "exponent"),
    "spline_a": ("exponent of S, optimum between cells while within the pool", "exponent"),
    "spline_b": ("exponent of V, optimum between cells while within the pool", "exponent"),
    "law_a": ("exponent of S, law of the surface while within the pool", "exponent"),
    "law_b": ("exponent of V, law of the surface while within the pool", "exponent"),
    "surface_accuracy": ("p of the law: accuracy of one solution", "probability"),
    "surface_gain": ("G of the law: gain of endless S and V", "probability"),
    "surface_loss": ("D of the law: what one verification loses of it", "probability"),
    "surface_alpha": ("alpha of the law", "exponent"),
    "surface_beta": ("beta of the law", "exponent"),
    "surface_kappa": ("kappa of the law", "exponent"),
    "surface_shift": ("s of the law", "solutions"),
    "surface_rmse": ("error of the law over the cells, root mean square", "probability"),
    "dearer_split": ("budget up to which cells were fitted to predict the dearer ones", "cost"),
    "dearer_cells": ("dearer cells", "cells"),
    "dearer_rmse": ("error of the prediction over them, root mean square", "probability"),
    "dearer_error": ("predicted minus measured success of the dearest best cell", "probability"),
    "dearer_regret": ("success given up by the extrapolated allocation", "probability"),
}
"""Meaning and unit of each figure; `cost` is the unit of the compute axis."""


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
