"""A forecast against a recipe's budget: what fits, and what a limit buys where not all does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ttc.budget.allocation import SLACK, WORTH
from ttc.budget.cost import UNITS
from ttc.budget.ledger import MOST_TOP_UPS, TOP_UP, BudgetConfig
from ttc.budget.limits import Shares
from ttc.pipeline.planning.forecast import Forecast, Load, amount_range, nulls


@dataclass(frozen=True)
class Offer:
    """What of a recipe would fit a limit: so many solutions, with so many verifications of each by
    each verifier, by its role in the plan. S and V keep the ratio that is asked for.
    """

    solutions: int
    verifications: dict[str, int]


@dataclass(frozen=True)
class Limit:
    """One limit of the budget, or a point of a list that is no limit but reported at.

    scope: problem or run. holds: whether it is a limit: of a list, the largest. forecast: mean of a
    problem, or of the run, NaN where unknown. fits: whether all that the recipe asks for is likely
    to; None where it can't be told. sure: whether it is certain to, whatever lengths come out (if
    no reply is lost, and a server keeps to what it is asked for). solutions, verifications: about
    how many a problem gets where not all fits, on average; None if all (or unknown).
    """

    scope: str
    unit: str
    limit: float
    forecast: float
    fits: bool | None
    solutions: float | None = None
    verifications: float | None = None
    sure: bool = False
    holds: bool = True
    needs: float | None = None
    offer: Offer | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, an unknown forecast as null."""
        return nulls(asdict(self))


def limits(budget: BudgetConfig, found: Forecast) -> Iterator[Limit]:
    """Every limit of the budget, a problem's first, rising; points of a list before the last."""
    for unit in UNITS:
        *points, limit = budget.per_problem.limits(unit) or (None,)
        for point in points:
            yield replace(_limit("problem", unit, point, found, budget.shares), holds=False)
        if limit is not None:
            yield offered(_limit("problem", unit, limit, found, budget.shares), found)
    for unit in UNITS:
        total = getattr(budget.per_run, unit)
        if total is not None:
            yield offered(_limit("run", unit, total, found, budget.shares), found)
    seconds, expected = budget.per_run.seconds, found.total.seconds
    if seconds is not None:
        fits = None if math.isnan(expected) else expected <= seconds
        yield Limit("run", "seconds", seconds, expected, fits)


def offered(one: Limit, found: Forecast) -> Limit:
    """A limit that is not sure to hold all, with what would fit and what all of it needs."""
    solver, *judges = found.loads
    exact = all(load.exact and not load.unsaid for load in found.loads) and solver.prompts == 1
    if one.sure or (one.fits and not math.isnan(one.forecast)) or not exact:
        return one
    times = found.problems if one.scope == "run" else 1

    def needed(solutions: int) -> float:
        sizes = [max(1, load.each * solutions // solver.each) for load in judges]
        parts = [_dear(solver, one, 1, solutions)]
        parts += [
            _dear(load, one, min(solutions, load.prompts), size)
            for load, size in zip(judges, sizes, strict=True)
        ]
        total = times * math.fsum(parts)
        if math.isnan(one.forecast):
            return total
        # Beside what was used, the last samples reserve all that they may take.
        return max(total / (1 - TOP_UP), total + times * _spare(found.loads, one.unit))

    needs = needed(solver.each)
    if math.isnan(needs) or needs <= one.limit:
        return replace(one, needs=None if math.isnan(needs) else needs)
    low, high = 0, solver.each
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if needed(middle) <= one.limit else (low, middle)
    sizes = {load.role: max(1, load.each * low // solver.each) for load in judges}
    return replace(one, needs=needs, offer=Offer(low, sizes) if low else None)


def _dear(load: Load, one: Limit, prompts: int, each: int) -> float:
    """What so much may take: of a run, as forecast; of a problem, for the dearest of them."""
    amounts = load.amount(one.unit, prompts, each)
    known = amounts[~np.isnan(amounts)]
    if math.isnan(one.forecast) or not len(known):
        known = load.most_of(one.unit, prompts, each)
    return float(np.mean(known) if one.scope == "run" else np.max(known))


def _limit(scope: str, unit: str, limit: float, found: Forecast, shares: Shares | None) -> Limit:
    """What the limit buys: a problem's, of each measured problem; a run's, of a mean problem."""
    loads = found.loads
    times = found.problems if scope == "run" else 1
    amounts = np.asarray(sum(load.whole(unit) for load in loads))
    known = np.flatnonzero(~np.isnan(amounts)).tolist()
    expected = times * float(np.mean(amounts[known])) if known else math.nan
    # A run's limit is dealt in equal shares first, so that the dearest problem must fit its own.
    dearest = float(np.max(np.sum(np.broadcast_arrays(*(x.most(unit) for x in loads)), axis=0)))
    if times * dearest <= limit:
        bounded = unit == "calls" or not any(load.unsure for load in loads)
        return Limit(scope, unit, limit, expected, fits=True, sure=bounded)
    if not known:
        return Limit(scope, unit, limit, expected, fits=None)
    if not all(load.exact for load in loads):  # what less of it would be, only the method knows
        dearest = expected if scope == "run" else float(np.max(amounts[known]))
        return Limit(scope, unit, limit, expected, fits=dearest <= limit * (1 + SLACK))
    wanted = (loads[0].samples, sum(load.samples for load in loads[1:]))
    if scope == "run":  # spent to the end, in rounds: hardly anything is left in reserve
        roles = [_role(load, unit, None) for load in loads]
        bought = np.asarray(_bought(roles, limit / times, shares))
        fits = _high(loads, unit, times, expected) <= limit * (1 + SLACK)
        if not fits and tuple(bought) == wanted:
            return Limit(scope, unit, limit, expected, fits=None)
    else:
        each = [_bought([_role(load, unit, i) for load in loads], limit, shares) for i in known]
        bought, fits = np.mean(each, axis=0), all(one == wanted for one in each)
    if fits:
        return Limit(scope, unit, limit, expected, fits=True)
    return Limit(scope, unit, limit, expected, False, float(bought[0]), float(bought[1]))


def _high(loads: Sequence[Load], unit: str, times: int, expected: float) -> float:
    """What a run's limit must have room for, so that the recipe is likely to fit: the upper end of
    the forecast; beside it the last sample's reservation, and what is not worth another round.
    """
    highs = [
        amount_range(load.whole(unit), times, times * float(load.most(unit).mean())).high
        for load in loads
    ]
    high = expected if any(map(math.isnan, highs)) else math.fsum(highs)
    return max(high / (1 - WORTH), high + _spare(loads, unit))


def _spare(loads: Sequence[Load], unit: str) -> float:
    """What is reserved for a sample beyond what it takes, at most."""
    spare = 0.0
    for load in loads:
        most = float(np.nanmax((load.held or load.own_most)[unit]))
        own = float(np.nanmean(load.own[unit]))
        spare = max(spare, 0.0 if math.isnan(most) else most - own)
    return spare


@dataclass(frozen=True)
class _Role:
    """A role's work on one problem in one unit, as the ledger meets it.

    prompts, each: how many, and how many samples of each. shared: cost of a prompt; own: of a
    sample; held: what must be left for one to be admitted; most: the same, 0 where parts of one
    count.
    """

    prompts: int
    each: int
    shared: float
    own: float
    most: float
    held: float

    def affords(self, prompts: float, left: float) -> float:
        """Samples of so many prompts, each of which gets one before any gets another."""
        if prompts <= 0:
            return 0.0
        if left < self.shared:
            return 0.0
        first = self._admitted(left - self.shared, self.shared + self.own, prompts)
        if first < prompts:
            return first
        left -= prompts * (self.shared + self.own)
        return prompts + self._admitted(left, self.own, prompts * (self.each - 1))

    def _admitted(self, left: float, price: float, wanted: float) -> float:
        if self.most == 0:
            return min(wanted, max(0.0, left + price - self.own) / price) if price else wanted
        if left < self.most:
            return 0.0
        return min(wanted, math.floor((left - self.most) / price) + 1 if price else wanted)

    def least(self, prompts: float, samples: float) -> float:
        """What one sample more wants."""
        return (self.most or self.own) + (self.shared if samples < prompts else 0.0)

    def cost(self, prompts: float, samples: float) -> float:
        return min(prompts, samples) * self.shared + samples * self.own


def _role(load: Load, unit: str, problem: int | None) -> _Role:
    """problem: None for a mean one, of which parts of a sample count."""

    def at(values: Any) -> float:
        if problem is None:
            return float(np.nanmean(values))
        return float(values[problem if len(values) > 1 else 0])

    own, shared = at(load.own[unit]), at(load.shared[unit])
    most = at(np.atleast_1d((load.held or load.own_most)[unit]))
    # Further requests for samples of a prompt pay it again; spread over all of its samples.
    again = (load.charges(unit, load.each) - 1) * shared / load.each if load.each else 0.0
    held = (own if math.isnan(most) else most) + again
    most = 0.0 if problem is None else held
    return _Role(load.prompts, load.each, shared, own + again, most, held)


def _bought(roles: Sequence[_Role], limit: float, shares: Shares | None) -> tuple[float, float]:
    """About how many solutions, and verifications, a problem's accounts admit."""
    if shares is None and roles[1:] and roles[0].prompts == 1:
        return _by_ratio(roles, limit)
    return _by_shares(roles, limit, shares or Shares())


def _by_ratio(roles: Sequence[_Role], limit: float) -> tuple[float, float]:
    """As `ttc.budget.asked` has it: as many as are paid for, in the ratio that is asked for."""
    limit *= 1 + SLACK
    spare = max(0.0, *(role.held - role.own for role in roles))

    def counts(scale: float) -> list[tuple[float, float]]:
        size = scale * roles[0].each
        judged = [(min(size, r.prompts), max(scale * r.each, 1.0)) for r in roles[1:]]
        return [(min(size, 1.0), size), *((n, n * v) for n, v in judged)]

    def fits(scale: float, within: float) -> bool:
        both = zip(roles, counts(scale), strict=True)
        return math.fsum(n * r.shared + m * r.own for r, (n, m) in both) <= within

    if fits(1.0, limit - spare):
        low = 1.0
    else:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if fits(middle, limit - spare) else (low, middle)
    bought = [m for _, m in counts(low)]
    if roles[0].most:  # whole ones
        bought = [float(math.floor(n + SLACK)) for n in bought]
    elif low < 1 and roles[-1].own:  # a run's money goes to verifications in the end
        bought[-1] += spare / roles[-1].own
    whole = math.fsum(role.prompts * role.each for role in roles[1:])
    return bought[0], min(whole, math.fsum(bought[1:]))


def _by_shares(roles: Sequence[_Role], limit: float, shares: Shares) -> tuple[float, float]:
    """As `Ledger` has it: the solver has its share, verifiers what it leaves, evenly; what one
    leaves is dealt out in further rounds to those that wanted more.
    """
    limit *= 1 + SLACK
    usual = shares.solve / (shares.solve + (shares.verify if roles[1:] else 0.0))
    # A first verdict of each verifier, of a solution as long as can be, is kept for it.
    keep = sum(judge.shared + judge.most + roles[0].most for judge in roles[1:] if judge.most)
    caps: dict[int, float] = {0: min(limit * usual, max(0.0, limit - keep))}
    before = [0.0] * len(roles)
    got = [0.0] * len(roles)
    for _ in range(MOST_TOP_UPS):
        earlier, got, wanting = got, [], {}
        costs: list[float] = []
        for i, role in enumerate(roles):
            prompts = min(role.prompts, got[0]) if i else 1
            free = max(0.0, limit - math.fsum(costs) - math.fsum(before[i:]))
            cap = caps.get(i, before[i] + free / (len(roles) - i))
            got.append(max(earlier[i], role.affords(prompts, cap)))
            costs.append(role.cost(prompts, got[i]))
            if got[i] < prompts * role.each:
                wanting[i] = role.least(prompts, got[i])
        left, before = limit - math.fsum(costs), costs
        if not wanting or left < TOP_UP * limit:
            break
        caps = {}
        for i, least in wanting.items():
            part = 1.0 if i == max(wanting) else usual
            if wanting.keys() == {0} and roles[1:] and not any(got[1:]):
                part = 0.0
            elif wanting.keys() == {0}:
                part = costs[0] / math.fsum(costs) if costs[0] else usual
            grant = max(part * left, least)
            if grant <= left:
                caps[i], left = costs[i] + grant, left - grant
        if not caps:
            break
    return got[0], math.fsum(got[1:])
