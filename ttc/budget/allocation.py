"""Who gets what a run's budget, or a problem's, has left after all had their share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from ttc.budget.cost import UNITS, Unit

Name = TypeVar("Name")
Amounts = Mapping[Unit, float]
SLACK = 1e-9  # of a limit: floating point sums of money may not cost anybody a sample
WORTH = 0.02  # of a run's limit: less than that left is not worth another round
Deal = Callable[[Mapping[str, float]], Mapping[str, float]]
"""From what one solution of each problem that wants more costs, as parts of what is to be dealt, to
how many of them each should get; together about what there is.
"""


def nothing() -> dict[Unit, float]:
    """No amount of any unit."""
    return dict.fromkeys(UNITS, 0.0)


def added(one: Amounts, other: Amounts) -> dict[Unit, float]:
    """The sum of amounts, unit by unit."""
    return {u: one[u] + other[u] for u in UNITS}


@dataclass(frozen=True)
class Standing:
    """Where a problem stands: what it used, its share, and, where that was refused, the limits that
    one sample more wants; None otherwise. bare: it has no sample yet, whatever was lost on the way.
    solutions: how many it has; what it used for their verification is a part of what they cost.
    """

    used: Amounts
    share: Amounts
    needs: Amounts | None
    bare: bool = False
    solutions: float = 0.0

    def extra(self, unit: Unit) -> float:
        """What it wants beyond what it used. A share never falls: a replay would admit less."""
        assert self.needs is not None
        return max(self.needs[unit], self.share[unit]) - self.used[unit]


def raised_shares(
    problems: Mapping[str, Standing], run: Amounts, cap: Amounts
) -> dict[str, dict[Unit, float]]:
    """New shares for the problems that get at least one sample more; empty when nobody does.

    run: the run's finite limits; cap: each problem's own limits. Whoever has no sample comes first,
    then whoever used least, and gets an equal part of what is left, or what one sample may cost
    where that is more and still there. A problem that gets nothing replays to the same use, so what
    it left of its share is free. Rounds end when hardly anything is left, but a problem without a
    sample is worth one.
    """
    left = {u: run[u] - sum(p.used[u] for p in problems.values()) for u in run}
    needy = _needy(problems, run, left, cap)
    if any(left[u] < WORTH * run[u] for u in run):
        needy = [name for name in needy if problems[name].bare]
    raised: dict[str, dict[Unit, float]] = {}
    for name, others in zip(needy, count(len(needy), -1), strict=False):
        one = problems[name]
        grant = {u: max(one.extra(u), left[u] / others) for u in run}
        if _within(grant, left):
            raised[name] = {u: one.used[u] + grant[u] for u in run}
            left = {u: left[u] - grant[u] for u in run}
    return raised


def weighed_shares(
    problems: Mapping[str, Standing], run: Amounts, cap: Amounts, deal: Deal, part: float
) -> dict[str, dict[Unit, float]]:
    """The same where some problems deserve more than others. part: of what is left, how much is to
    be dealt in this round.

    Whoever has no sample gets one first. Then those whom `deal` gives most come first, and get what
    so many solutions cost on average so far, or what one may cost where that is more; whoever is
    left when that is dealt gets nothing in this round.
    """
    left = {u: run[u] - sum(p.used[u] for p in problems.values()) for u in run}
    needy = _needy(problems, run, left, cap)
    small = any(left[u] < WORTH * run[u] for u in run)
    raised: dict[str, dict[Unit, float]] = {}
    for name in (n for n in needy if problems[n].bare):
        one = problems[name]
        grant = {u: one.extra(u) for u in run}
        if _within(grant, left):
            raised[name] = {u: one.used[u] + grant[u] for u in run}
            left = {u: left[u] - grant[u] for u in run}
    there = [name for name in needy if problems[name].solutions and not small]
    if not there or any(left[u] <= 0 for u in run):
        return raised
    todo = {u: left[u] * part for u in run}
    each = {p: {u: problems[p].used[u] / problems[p].solutions for u in run} for p in there}
    wanted = deal({p: max(each[p][u] / todo[u] for u in run) for p in there})
    for name in sorted(there, key=lambda p: -wanted.get(p, 0.0)):
        more = {u: max(1.0, wanted.get(name, 0.0)) * each[name][u] for u in run}
        grant = {u: max(problems[name].extra(u), more[u]) for u in run}
        if wanted.get(name) and min(todo.values()) > 0 and _within(grant, left):
            raised[name] = {u: problems[name].used[u] + grant[u] for u in run}
            left = {u: left[u] - grant[u] for u in run}
            todo = {u: todo[u] - more[u] for u in run}
    return raised


def _needy(
    problems: Mapping[str, Standing], run: Amounts, left: Amounts, cap: Amounts
) -> Sequence[str]:
    """Those that one sample more is left for and that their own limits allow it, poorest first."""
    found = [
        name
        for name, one in problems.items()
        if one.needs is not None
        and all(one.needs[u] <= cap[u] * (1 + SLACK) for u in UNITS)
        and _within({u: one.extra(u) for u in run}, left)
    ]
    # Sorting is stable: equals stay in the order of the dataset.
    return sorted(found, key=lambda name: _wealth(problems[name], run))


def _wealth(one: Standing, run: Amounts) -> tuple[bool, float]:
    return not one.bare, max(one.used[u] / run[u] for u in run)


def _within(amounts: Amounts, limits: Amounts) -> bool:
    return all(amounts[u] <= limits[u] * (1 + SLACK) for u in limits)


@dataclass(frozen=True)
class Wish:
    """What an account that was refused should get: a part of what is left, and at the least so
    much; nothing is of no use below that.
    """

    part: Amounts
    least: Amounts


def dealt(left: Amounts, wishes: Mapping[Name, Wish]) -> dict[Name, dict[Unit, float]]:
    """What each account gets of what its problem has left; those that get nothing are left out.

    One after the other, so that what does not suffice for one is there for the next.
    """
    left = {u: max(0.0, left[u]) for u in UNITS}
    grants: dict[Name, dict[Unit, float]] = {}
    for name, wish in wishes.items():
        grant = {u: max(left[u] * wish.part[u], wish.least[u]) for u in UNITS}
        if _within(grant, left):
            grants[name] = grant
            left = {u: math.inf if left[u] == math.inf else left[u] - grant[u] for u in UNITS}
    return grants
