"""Exponents of S and V, where there are any: one recommended figure, a range, or a reason."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.fitting import PROCEDURES, Analysis
from ttc.analysis.flatness import Dependence, telling
from ttc.pipeline.interval import UNKNOWN, Interval

PREFERRED = ("spline", "law", "grid")
"""Procedures by how near they come to exponents of a much finer grid (decision 8)."""
_SHORTEST = 2.0  # doublings of compute, for a slope that means something
_STAYS = 1.05  # a V, or S, below which the path of optima has not left 1
_MOSTLY = 0.9
FEWEST_TELLING = 12
"""Problems on which a figure of how success grows has to rest, for its interval to hold."""
FEWEST_UNSOLVED = 5
"""Problems that the vote still fails at, for where its plateau is to be known."""
PLATEAU = ("sc_plateau_cost", "match_cost", "match_multiple", "gain_multiple")
"""Figures about where curves come near to their ends."""


@dataclass(frozen=True)
class Exponent:
    """One exponent: the recommended procedure's, and the range that all procedures and units give.

    refused: why there is none, empty where there is one; then the others are NaN.
    """

    letter: str
    procedure: str = ""
    value: Interval = UNKNOWN
    low: float = math.nan
    high: float = math.nan
    refused: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        if self.refused:
            return {"refused": self.refused}
        return {
            "procedure": self.procedure,
            **self.value.as_dict(),
            "conventions_low": self.low,
            "conventions_high": self.high,
        }


def refusal(analysis: Analysis, depends: Dependence) -> str:
    """Why no exponent can be told, empty where some can.

    First whether anything depends on S and V, then whether both are traded, then whether the pool
    is large enough to see it.
    """
    if depends.both.flat:
        if depends.both.range < 1e-9:
            return "success does not depend on S and V: all cells have the same"
        return (
            f"success does not depend on S and V: it varies by {_points(depends.both)}, and up to "
            f"{100 * depends.both.chance:.1f} are what chance alone shows"
        )
    if depends.on_v.flat:
        return (
            "V stays at 1: more verifications change success by "
            f"{_points(depends.on_v)} at most, which can be chance; all compute goes into S"
        )
    if depends.on_s.flat:
        return (
            "S stays at its least: more solutions change success by "
            f"{_points(depends.on_s)} at most, which can be chance; all compute goes into V"
        )
    if depends.telling < FEWEST_TELLING:
        return (
            f"success grows in about {depends.telling:.0f} problems only, which are too few to say "
            "how; the others are solved, or not, whatever S and V"
        )
    if depends.unsolved < 1:
        return (
            "every problem is solved at the best S and V: how both would grow, only problems tell "
            "that are not"
        )
    path = next((analysis.paths[p] for p in PREFERRED if p in analysis.paths), None)
    if path is None or not len(path.cost):
        return "too few S and V were measured to trade one for the other"
    doublings = float(np.log2(path.cost[-1] / path.cost[0]))
    if np.mean(path.V < _STAYS) > _MOSTLY:
        return "V stays at 1: within the pool, one verification of each solution is best"
    if doublings < _SHORTEST:
        return (
            f"the optimum leaves the pool after {doublings:.1f} doublings of compute; "
            "more solutions, or more verifications of them, would show how it grows"
        )
    return ""


def without_interval(
    figures: Mapping[str, Interval], depends: Dependence, voted: FloatArray
) -> dict[str, Interval]:
    """Those of `PLATEAU`, without intervals where they rest on too few problems to have them: of
    those that rise, or of those that the vote fails at in the end. voted: (problems, S).
    """
    rising = min(depends.telling, telling(voted[:, -1] - voted[:, 0]))
    if rising >= FEWEST_TELLING and telling(1 - voted[:, -1]) >= FEWEST_UNSOLVED:
        return {}
    return {name: Interval(figures[name].estimate, math.nan, math.nan, 0.0) for name in PLATEAU}


def untold(
    figures: Mapping[str, Interval], depends: Dependence, growth: Sequence[Exponent]
) -> dict[str, Interval]:
    """What of the figures there is none: exponents that are refused; the law, where nothing, or too
    little, tells it; and where nothing depends on S and V, what is about plateaus.
    """
    found = [f"{p}_{one.letter}" for one in growth if one.refused for p in PROCEDURES]
    few = depends.telling < FEWEST_TELLING or depends.unsolved < 1
    if depends.both.flat or few:
        found += [name for name in figures if name.startswith(("surface_", "dearer_"))]
    if depends.both.flat:
        found += PLATEAU
    return {name: UNKNOWN for name in found if name in figures}


def exponents(
    analysis: Analysis,
    depends: Dependence,
    figures: Mapping[str, Interval],
    others: Mapping[str, float],
) -> tuple[Exponent, Exponent]:
    """Of S and of V. others: figures of the same surface in another unit of compute."""
    why = refusal(analysis, depends)
    if why:
        return Exponent("a", refused=why), Exponent("b", refused=why)
    found = []
    for letter in "ab":
        names = [f"{procedure}_{letter}" for procedure in PROCEDURES]
        told = [figures[name].estimate for name in names] + [others.get(n, math.nan) for n in names]
        known = [value for value in told if math.isfinite(value)]
        best = next(p for p in PREFERRED if math.isfinite(figures[f"{p}_{letter}"].estimate))
        value = figures[f"{best}_{letter}"]
        found.append(Exponent(letter, best, value, min(known), max(known)))
    return found[0], found[1]


def edges(analysis: Analysis, S: int, V: int) -> str:
    """What is to be said where best cells lie at the pool's edge, where the pool is the limit."""
    best = analysis.verified
    at_s, at_v = int((best.S >= S).sum()), int((best.V >= V).sum())
    said = [f"S = {S} in {at_s}"] * bool(at_s) + [f"V = {V} in {at_v}"] * bool(at_v)
    if not said:
        return ""
    return (
        f"of {len(best.S)} best cells, the pool's edge is reached by {' and '.join(said)}: there "
        "the pool and not compute is the limit"
    )


def _points(one: Any) -> str:
    return f"{100 * one.range:.1f} points"
