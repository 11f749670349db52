"""What one question may cost: the recipe's limits of a problem, or less."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from ttc.answering.question import Question
from ttc.budget.cost import UNITS
from ttc.budget.ledger import BudgetConfig, Ledger, ProblemBudget, RunBudget
from ttc.engine.session import Session
from ttc.serve.errors import ApiError

if TYPE_CHECKING:
    from ttc.recipe import Recipe


def budget_of(recipe: Recipe, question: Question, began: float, whole: Ledger) -> BudgetConfig:
    """The limits of a question that came at `began` (monotonic clock).

    whole: of the server, whose time ends every question's. Raises `ApiError` where more is asked
    for than the recipe gives a problem, and where the server's time is up.
    """
    limits: dict[str, float] = {}
    for unit in UNITS:
        most = max(recipe.budget.per_problem.limits(unit), default=math.inf)
        asked = question.budget.get(unit, most)
        if asked > most:
            said = f"ttc.budget.{unit}: this server gives a question at most {most:g}"
            raise ApiError(400, said, "ttc")
        if math.isfinite(asked):
            limits[unit] = asked
    return BudgetConfig(
        per_problem=ProblemBudget(**limits),
        per_run=RunBudget(seconds=_seconds(question, began, whole)),
        shares=recipe.budget.shares,
    )


def _seconds(question: Question, began: float, whole: Ledger) -> float | None:
    left = whole.seconds_left()
    seconds = question.budget.get("seconds", math.inf)
    if left is not None:
        if left <= 0:
            raise _used_up("time (budget.per_run.seconds)")
        seconds = min(seconds, time.monotonic() - began + left)
    return seconds if math.isfinite(seconds) else None


def too_small(session: Session, budget: BudgetConfig, whole: Ledger) -> ApiError:
    """Why there is not a single solution."""
    for unit, left in whole.bills.left().items():
        own = budget.per_problem.limits(unit)
        if math.isfinite(left) and left < (own[0] if own else math.inf):
            return _used_up(f"{unit} (budget.per_run.{unit})")
    seconds = session.ledger.seconds_left()
    if seconds is not None and seconds <= 0:
        said = f"no solution came within {budget.per_run.seconds:g} seconds"
        return ApiError(400, said, "ttc", "budget_too_small")
    told = ", ".join(
        f"{own[0]:g} {unit}" for unit in UNITS if (own := budget.per_problem.limits(unit))
    )
    said = f"the budget ({told or 'none'}) does not cover a single solution of this question"
    return ApiError(400, said, "ttc", "budget_too_small")


def _used_up(what: str) -> ApiError:
    return ApiError(
        429, f"this server's whole budget of {what} is used up", None, "insufficient_quota"
    )


def left_of(session: Session, budget: BudgetConfig) -> dict[str, float]:
    """What a question did not use of its limits, by unit."""
    spent = session.ledger.standing()
    found: dict[str, float] = {}
    for unit in UNITS:
        if own := budget.per_problem.limits(unit):
            found[unit] = max(0.0, own[-1] - spent[unit][0])
    return found
