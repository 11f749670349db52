"""A forecast against a recipe's budget: what fits, and what a limit buys where not all does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ttc.budget.cost import UNITS, Unit
from ttc.budget.ledger import BudgetConfig
from ttc.budget.rounds import SLACK
from ttc.pipeline.planning.forecast import Forecast, Load, nulls


@dataclass(frozen=True)
class Limit:
    """One limit of the budget.

    scope: problem or run. forecast: mean of a problem, or of the run, NaN where unknown. fits: None
    where it can't be told. solutions, verifications: about how many a problem gets where not all
    fits, on average; None if all (or unknown).
    """

    scope: str
    unit: str
    limit: float
    forecast: float
    fits: bool | None
    solutions: float | None = None
    verifications: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, an unknown forecast as null."""
        return nulls(asdict(self))


def limits(
    budget: BudgetConfig, found: Forecast, kept: Mapping[Unit, float] | None = None
) -> Iterator[Limit]:
    """Every limit of the budget, a problem's first, rising.

    kept: what is set aside of the run's limits.
    """
    for unit in UNITS:
        for limit in budget.per_problem.limits(unit):
            yield _limit("problem", unit, limit, found)
    for unit in UNITS:
        total = getattr(budget.per_run, unit)
        if total is not None:
            aside = 0.0 if kept is None else kept[unit]
            yield replace(_limit("run", unit, total - aside, found), limit=total)
    seconds, expected = budget.per_run.seconds, found.total.seconds
    if seconds is not None:
        fits = None if math.isnan(expected) else expected <= seconds
        yield Limit("run", "seconds", seconds, expected, fits)


def _limit(scope: str, unit: str, limit: float, found: Forecast) -> Limit:
    """What the limit buys: a problem's, of each measured problem; a run's, of a mean problem."""
    loads = found.loads
    times = found.problems if scope == "run" else 1
    amounts = np.asarray(sum(load.whole(unit) for load in loads))
    known = np.flatnonzero(~np.isnan(amounts)).tolist()
    expected = times * float(np.mean(amounts[known])) if known else math.nan
    if times * sum(load.most(unit) for load in loads) <= limit:
        return Limit(scope, unit, limit, expected, fits=True)
    if not known:
        return Limit(scope, unit, limit, expected, fits=None)
    if not all(load.exact for load in loads):  # what less of it would be, only the method knows
        dearest = expected if scope == "run" else float(np.max(amounts[known]))
        return Limit(scope, unit, limit, expected, fits=dearest <= limit * (1 + SLACK))
    wanted = (loads[0].samples, sum(load.samples for load in loads[1:]))
    if scope == "run":
        bought = np.asarray(_shared_out(loads, unit, limit / times))
        fits = expected <= limit * (1 + SLACK)
    else:
        each = [_bought([_role(load, unit, i) for load in loads], limit) for i in known]
        bought, fits = np.mean(each, axis=0), all(one == wanted for one in each)
    if fits:
        return Limit(scope, unit, limit, expected, fits=True)
    return Limit(scope, unit, limit, expected, False, float(bought[0]), float(bought[1]))


def _shared_out(loads: Sequence[Load], unit: str, share: float) -> tuple[float, float]:
    """Solutions, then verifications, that a mean problem gets of a run's limit.

    That is spent to the end, in rounds: hardly anything is left in reserve.
    """
    solutions, verifications, left = 0.0, 0.0, share
    for load in loads:
        shared, own = (float(np.nanmean(values[unit])) for values in (load.shared, load.own))
        if load is loads[0]:
            afforded = (left - shared) / own if own else math.inf
            solutions = min(max(0.0, afforded), load.each)
            left -= shared + solutions * own
        else:
            price = shared + load.each * own
            afforded = left / price if price else math.inf
            judged = min(max(0.0, afforded), load.prompts, solutions)
            verifications += judged * load.each
            left -= judged * price
    return solutions, verifications


@dataclass(frozen=True)
class _Role:
    """A role's work on one problem in one unit, as the ledger meets it."""

    prompts: int
    each: int
    group: int
    shared: float
    own: float
    most: float


def _role(load: Load, unit: str, problem: int) -> _Role:
    def at(values: Any) -> float:
        return float(values[problem if len(values) > 1 else 0])

    own, shared = at(load.own[unit]), at(load.shared[unit])
    return _Role(load.prompts, load.each, load.group, shared, own, load.own_most[unit])


def _bought(roles: Sequence[_Role], limit: float) -> tuple[int, int]:
    """Solutions, then verifications, that the ledger admits of one problem with mean lengths.

    A problem's limit is spent call by call, each of which must fit with its longest replies; near
    the end calls ask for fewer samples.
    """
    left = limit * (1 + SLACK)
    counts: list[int] = []
    for role in roles:
        # The first role solves; the others judge what it solved, one solution after the other.
        prompts = min(role.prompts, counts[0]) if counts else role.prompts
        bought = 0
        for _ in range(prompts):
            admitted = _admitted(role, left)
            bought += admitted
            left -= role.shared + admitted * role.own
            if admitted < role.each:
                break
        counts.append(bought)
        if bought < prompts * role.each:
            break  # a problem that was refused a sample gets no other
    return counts[0], sum(counts[1:])


def _admitted(role: _Role, left: float) -> int:
    """Samples of one prompt."""
    most = role.own if math.isnan(role.most) else role.most
    admitted, left = 0, left - role.shared
    while admitted < role.each and left >= 0:
        call = min(role.group, role.each - admitted)
        if call * most > left:
            call = min(call, math.floor(left / most))
            if not call:
                break
        admitted += call
        left -= call * role.own
    return admitted
