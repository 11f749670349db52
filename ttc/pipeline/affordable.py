"""A forecast against a recipe's budget: what fits, and what a limit buys where not all does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ttc.budget.cost import UNITS, Unit
from ttc.budget.ledger import BudgetConfig
from ttc.pipeline.plan import Forecast, Load


@dataclass(frozen=True)
class Limit:
    """One limit of the budget.

    scope: problem or run. forecast: mean of a problem, or of the run, NaN where unknown.
    solutions, verifications: about how many a mean problem gets within it, None if all (or
    unknown). The run reserves the worst case of a call before it is sent, so it may stop earlier.
    """

    scope: str
    unit: str
    limit: float
    forecast: float
    solutions: int | None = None
    verifications: int | None = None

    @property
    def fits(self) -> bool | None:
        """Whether the forecast is within the limit; None where it is unknown."""
        return None if math.isnan(self.forecast) else self.forecast <= self.limit * (1 + 1e-9)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, an unknown forecast as null."""
        known = None if math.isnan(self.forecast) else self.forecast
        return asdict(self) | {"forecast": known, "fits": self.fits}


def limits(budget: BudgetConfig, found: Forecast) -> list[Limit]:
    """Every limit of the budget, a problem's first, rising."""
    return [*_problem_limits(budget, found), *_run_limits(budget, found)]


def _problem_limits(budget: BudgetConfig, found: Forecast) -> Iterator[Limit]:
    for unit in UNITS:
        mean = sum(load.amount(unit) for load in found.loads)
        for limit in budget.per_problem.limits(unit):
            yield _limit("problem", unit, limit, mean, limit, found)


def _run_limits(budget: BudgetConfig, found: Forecast) -> Iterator[Limit]:
    for unit in UNITS:
        limit = getattr(budget.per_run, unit)
        if limit is not None:
            total = getattr(found.total, unit)
            yield _limit("run", unit, limit, total, limit / found.problems, found)
    if budget.per_run.seconds is not None:
        yield Limit("run", "seconds", budget.per_run.seconds, found.total.seconds)


def _limit(
    scope: str, unit: Unit, limit: float, forecast: float, share: float, found: Forecast
) -> Limit:
    line = Limit(scope, unit, limit, forecast)
    if line.fits is not False:
        return line
    solutions, verifications = affordable(found.loads, unit, share)
    return Limit(scope, unit, limit, forecast, solutions, verifications)


def affordable(loads: tuple[Load, ...], unit: Unit, limit: float) -> tuple[int, int]:
    """Solutions, then verifications of whole solutions, of a mean problem within a limit."""
    solver, *judges = loads
    each = solver.marginal[unit]
    room = limit - solver.fixed[unit]
    solutions = solver.each if each == 0 else max(0, min(solver.each, math.floor(room / each)))
    left = room - solutions * each
    verifications = 0
    for judge in judges:
        price = judge.amount(unit, 1)
        there = min(judge.prompts, solutions)
        afforded = there if price == 0 else max(0, min(there, math.floor(left / price)))
        left -= afforded * price
        verifications += afforded * judge.each
    return solutions, verifications
