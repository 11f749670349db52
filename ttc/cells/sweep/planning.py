"""What a sweep will cost, by the planner of `ttc plan`, before anything is asked of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from ttc.cells.sweep.cells import SweptCell
from ttc.cells.sweep.preparing import Prepared
from ttc.errors import TtcError
from ttc.pipeline.planning.forecast import Range, RoleForecast, nulls
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.planning.short import earlier_runs
from ttc.store.run_folder import find_run

if TYPE_CHECKING:
    from ttc.recipe import Recipe

UNITS = ("tokens", "flops", "usd")
_NOTHING = Range(0.0, 0.0, 0.0, 0.0)
_UNKNOWN = Range(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Cost:
    """What a cell will use in all; total: None where that can't be told, and why. lengths: the run
    whose lengths it takes, empty where figures are upper bounds.
    """

    total: RoleForecast | None
    why: str = ""
    lengths: str = ""

    def amount(self, unit: str) -> Range:
        """In a unit of `UNITS`; NaN where unknown."""
        found = _UNKNOWN if self.total is None else getattr(self.total, unit)
        assert isinstance(found, Range)
        return found

    @property
    def seconds(self) -> float:
        """Of the cell alone; NaN where unknown."""
        return math.nan if self.total is None else self.total.seconds


@dataclass(frozen=True)
class SweepPlan:
    """complete: whether each cell is there already, in their order; gone: how many were complete
    when the sweep was run last, and are no longer; costs: by what cells have `alike`, of those that
    are to be done.
    """

    sweep: Prepared
    complete: tuple[bool, ...]
    gone: int
    costs: Mapping[str, Cost]

    @property
    def to_do(self) -> list[SweptCell]:
        """Cells that are not complete."""
        cells = self.sweep.cells.cells
        return [cell for cell, there in zip(cells, self.complete, strict=True) if not there]

    def total(self, unit: str) -> Range:
        """Of all that is to be done, as if no two cells shared a sample; NaN where unknown."""
        return reduce(add, (self.costs[cell.alike].amount(unit) for cell in self.to_do), _NOTHING)

    def rows(self) -> list[dict[str, Any]]:
        """A row a cell: how it stands, and what it will use. Unknown figures are null."""
        rows = []
        states = self.sweep.state.cells
        for cell, state, there in zip(self.sweep.cells.cells, states, self.complete, strict=True):
            cost = Cost(None) if there else self.costs[cell.alike]
            figures = {unit: asdict(cost.amount(unit)) for unit in UNITS}
            rows.append(
                {
                    "name": cell.name,
                    "recipe": cell.cell.recipe,
                    "run": cell.run.name,
                    "status": state.status,
                    "keys": dict(cell.keys),
                    **nulls({**figures, "seconds": cost.seconds}),
                    "lengths": cost.lengths,
                    "why": cost.why,
                }
            )
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        sweep = self.sweep
        return {
            "sweep": sweep.state.name,
            "folder": str(sweep.folder),
            "count": len(sweep.cells.cells),
            "complete": sum(self.complete),
            "failed_before": len(sweep.state.failed()),
            "to_do": len(self.to_do),
            "twice": list(sweep.cells.twice),
            "no_longer": sweep.left,
            "gone": self.gone,
            "total": nulls({unit: asdict(self.total(unit)) for unit in UNITS}),
            "cells": self.rows(),
        }


def plan_sweep(sweep: Prepared, like: str | None = None) -> SweepPlan:
    """Look which cells are complete, note it in the sweep's state, and forecast the others.

    like: a run whose lengths are taken. Cells that differ only in their seeds are forecast once.
    Raises `DataError` for a run that is not there.
    """
    if like is not None:
        find_run(like, sweep.cells.results)
    cells = sweep.cells.cells
    complete = tuple(_complete(one, sweep.cells.recipes[one.alike]) for one in cells)
    gone = 0
    for state, there in zip(sweep.state.cells, complete, strict=True):
        if there:
            state.status, state.code, state.words = "complete", 0, ""
        elif state.status == "complete":
            state.status, state.code = "waiting", None
            gone += 1
    kinds = dict.fromkeys(c.alike for c, there in zip(cells, complete, strict=True) if not there)
    costs = {kind: _cost(sweep.cells.recipes[kind], like) for kind in kinds}
    return SweepPlan(sweep, complete, gone, costs)


def _complete(cell: SweptCell, recipe: Recipe) -> bool:
    if not cell.run.complete():
        return False
    return not (recipe.engine.retry_failed and cell.run.manifest().failures)


def _cost(recipe: Recipe, like: str | None) -> Cost:
    """Of one cell; what can't be planned may be mended until it starts, or fails by itself.

    Where nobody names a run, lengths are those of an earlier run of the recipe's name and models.
    """
    for run in [] if like is not None else earlier_runs(recipe):
        with suppress(TtcError):
            return _forecast(recipe, str(run.path), run.name)
    try:
        return _forecast(recipe, like, like or "")
    except TtcError as error:
        return Cost(None, str(error))


def _forecast(recipe: Recipe, like: str | None, lengths: str) -> Cost:
    return Cost(make_plan(recipe, PlanRequest(like=like)).forecast.total, lengths=lengths)
