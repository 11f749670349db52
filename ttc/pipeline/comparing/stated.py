"""Methods at stated budgets or sizes: who takes what, how it differs, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import paired_test, unit_parts
from ttc.analysis.many import holm
from ttc.analysis.power import smallest_difference
from ttc.analysis.sign_flips import sign_flip_test
from ttc.pipeline.best_within import Chosen, Problems, gap
from ttc.pipeline.comparing.methods import Method
from ttc.pipeline.comparing.result import Flip, Point, Verdict
from ttc.pipeline.comparing.sides import Side
from ttc.store.run_folder import RunFolder

POWER = 0.8
_NO_SPREAD = 1e-12


@dataclass(frozen=True)
class Place:
    """Where methods are compared: within a budget, or at S samples whatever they cost."""

    budget: float | None = None
    samples: int | None = None

    def of(self, side: Side) -> Chosen | None:
        """What a method takes there; None where it has nothing."""
        if self.samples is not None:
            return side.at(self.samples)
        return side.within(math.inf if self.budget is None else self.budget)


@dataclass(frozen=True)
class Bought:
    """A point with the problems behind it: success of the method and, where there is one, of the
    baseline, (problems,) each.
    """

    place: Place
    point: Point
    method: Method
    base: Method
    values: FloatArray
    before: FloatArray | None


def at_places(places: Sequence[Place], sides: Sequence[Side], problems: Problems) -> list[Bought]:
    """Every method at every place that has something of it. sides: the baseline first."""
    found = []
    for place in places:
        base = place.of(sides[0])
        for i, side in enumerate(sides):
            chosen = place.of(side) if i else base
            if chosen is not None:
                found.append(_bought(place, side, chosen, base if i else None, sides[0], problems))
    return found


def _bought(
    place: Place,
    side: Side,
    chosen: Chosen,
    base: Chosen | None,
    first: Side,
    problems: Problems,
) -> Bought:
    before = None if base is None else base.values
    won = lost = 0
    if before is not None:
        won, lost = map(int, _flipped(before, chosen.values))
    point = Point(
        method=side.method.name,
        budget=place.budget,
        row=side.method.rows[chosen.place],
        cost=float(side.costs[chosen.place]),
        success=chosen.success,
        ahead=None if base is None else gap(base, chosen, problems),
        won=won,
        lost=lost,
        samples=place.samples,
        short=place.budget is not None and side.ends_below(place.budget),
    )
    return Bought(place, point, side.method, first.method, chosen.values, before)


def _flipped(before: FloatArray, after: FloatArray) -> FloatArray:
    """How many problems the second solves and the first doesn't, and the other way round."""
    return np.array([
        np.count_nonzero((before < 0.5) & (after > 0.5)),
        np.count_nonzero((before > 0.5) & (after < 0.5)),
    ])  # fmt: skip


def tested(
    found: Sequence[Bought], problems: Problems, stated: bool
) -> tuple[tuple[Point, ...], int]:
    """The points with p values, verdicts and what could have been found, and for how many
    comparisons they were adjusted: of all places where these are stated, else of each.
    """
    points: list[Point] = []
    most = 0
    families = [list(found)] if stated else [
        list(own) for _, own in groupby(found, key=lambda one: one.place)
    ]  # fmt: skip
    for family in families:
        told = [i for i, one in enumerate(family) if one.before is not None]
        most = max(most, len(told))
        own = [one.point for one in family]
        if told:
            for i, point in zip(told, _tested([family[i] for i in told], problems), strict=True):
                own[i] = point
        points += own
    return tuple(points), most


def _tested(family: Sequence[Bought], problems: Problems) -> Iterator[Point]:
    values = np.stack([one.values - _known(one.before) for one in family], axis=1)
    single = sign_flip_test(values, problems.clusters)
    flips, student = holm(single), holm(paired_test(values, problems.clusters))
    alpha = 1 - problems.level
    for i, one in enumerate(family):
        parts = unit_parts(values[:, i], problems.clusters)
        spread = float(parts.std(ddof=1))
        yield replace(
            one.point,
            p=float(student[i]),
            p_flips=float(flips[i]),
            p_single=float(single[i]),
            verdict=_verdict(one.point, float(student[i]), float(flips[i]), alpha),
            # Nothing that varies tells what would have been found.
            detectable=smallest_difference(len(parts), spread, POWER, alpha / len(family))
            if spread > _NO_SPREAD
            else math.nan,
        )


def _known(values: FloatArray | None) -> FloatArray:
    assert values is not None
    return values


def _verdict(point: Point, student: float, flips: float, alpha: float) -> Verdict:
    """Decided only where both tests, adjusted, and the interval agree."""
    ahead = point.ahead
    if ahead is None or not (student < alpha and flips < alpha):
        return "undecided"
    if ahead.low > 0:
        return "better"
    return "worse" if ahead.high < 0 else "undecided"


def flips(found: Sequence[Bought]) -> tuple[Flip, ...]:
    """Problems that one side solves and the other doesn't, the surest first, at the last place of
    each method where it has a baseline beside it.
    """
    last: Mapping[str, Bought] = {one.method.name: one for one in found if one.before is not None}
    return tuple(flip for one in last.values() for flip in _flips_of(one))


def _flips_of(one: Bought) -> Iterator[Flip]:
    before = _known(one.before)
    moved = one.values - before
    sides = (before - 0.5) * (one.values - 0.5)
    ids = one.method.problem_ids
    for i in sorted(np.flatnonzero(sides < 0), key=lambda i: (-abs(moved[i]), i)):
        yield Flip(
            method=one.method.name,
            baseline=one.base.name,
            budget=one.place.budget,
            samples=one.place.samples,
            problem=ids[i],
            before=float(before[i]),
            after=float(one.values[i]),
            runs=(_reference(one.base.runs[0]), _reference(one.method.runs[0])),
        )


def _reference(run: RunFolder) -> str:
    """What names a run on a command line from where this one was asked: its folder."""
    return str(run.path)
