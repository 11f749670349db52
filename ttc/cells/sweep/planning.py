"""What a sweep will cost, by the planner of `ttc plan`, before anything is asked of a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from ttc.cells.sweep.cells import SweptCell
from ttc.cells.sweep.preparing import Prepared
from ttc.errors import TtcError
from ttc.pipeline.planning.forecast import Range, RoleForecast, nulls
from ttc.pipeline.planning.plan import PlanRequest, make_plan

if TYPE_CHECKING:
    from ttc.recipe import Recipe

UNITS = ("tokens", "flops", "usd")
_NOTHING = Range(0.0, 0.0, 0.0, 0.0)
_UNKNOWN = Range(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Cost:
    """What a cell will use in all; total: None where that can't be told, and why."""

    total: RoleForecast | None
    why: str = ""

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
    """complete: whether each cell is there already, in their order; costs: by what cells have
    `alike`, of those that are to be done.
    """

    sweep: Prepared
    complete: tuple[bool, ...]
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
            "total": nulls({unit: asdict(self.total(unit)) for unit in UNITS}),
            "cells": self.rows(),
        }


def plan_sweep(sweep: Prepared, like: str | None = None) -> SweepPlan:
    """Look which cells are complete, note it in the sweep's state, and forecast the others.

    like: a run whose lengths are taken, else figures are upper bounds. Cells that differ only in
    their seeds are forecast once. Raises `DataError` for a run that is not there.
    """
    cells = sweep.cells.cells
    complete = tuple(_complete(one, sweep.cells.recipes[one.alike]) for one in cells)
    for state, there in zip(sweep.state.cells, complete, strict=True):
        if there:
            state.status, state.code, state.words = "complete", 0, ""
        elif state.status == "complete":  # its run has gone, or its recipe has changed
            state.status, state.code = "waiting", None
    kinds = dict.fromkeys(c.alike for c, there in zip(cells, complete, strict=True) if not there)
    request = PlanRequest(like=like)
    costs = {kind: _cost(sweep.cells.recipes[kind], request) for kind in kinds}
    return SweepPlan(sweep, complete, costs)


def _complete(cell: SweptCell, recipe: Recipe) -> bool:
    if not cell.run.complete():
        return False
    return not (recipe.engine.retry_failed and cell.run.manifest().failures)


def _cost(recipe: Recipe, request: PlanRequest) -> Cost:
    """Of one cell; who can't be planned may be mended until it starts, or fails by itself."""
    try:
        return Cost(make_plan(recipe, request).forecast.total)
    except TtcError as error:
        return Cost(None, str(error))
