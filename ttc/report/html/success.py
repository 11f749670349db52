"""Success against compute for a chart: methods, their lines over S and V, costs in every unit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from ttc.report.curves import UNITS
from ttc.report.html.pack import known
from ttc.report.names import shown_policy

AXES = {
    "tokens": "tokens per problem",
    "c": "C = S (1 + λV), in solutions",
    "flops": "FLOPs per problem",
    "usd": "USD per problem",
    "calls": "calls per problem",
    "seconds": "seconds of calls per problem",
    "latency": "seconds until the answer",
}
_COLUMNS = {**UNITS, "latency": "latency"}
NOBODY = ("oracle",)
"""Policies that nobody could choose by: they know which answers are right."""


class Cell(TypedDict):
    """A row of `curves`. cost: by unit, of those that are known; error: of Monte Carlo."""

    S: int | None
    V: int | None
    cap: float | None
    cost: dict[str, float]
    success: float
    low: float | None
    high: float | None
    error: float | None
    estimator: str
    problems: int


class MethodData(TypedDict):
    """A policy with a verifier, its cells, and for each unit the places of those that are best
    within what they cost, by rising cost.
    """

    policy: str
    verifier: str
    title: str
    oracle: bool
    cells: list[Cell]
    best: dict[str, list[int]]


def methods(rows: Iterable[dict[str, Any]]) -> list[MethodData]:
    """The methods of rows of `curves`, in their order."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for row in rows:
        found.setdefault((row["policy"], row["verifier"] or ""), []).append(_cell(row))
    return [_method(policy, verifier, cells) for (policy, verifier), cells in found.items()]


def units(found: Sequence[MethodData]) -> list[str]:
    """Units in which every cell has a cost above zero, tokens first."""
    cells = [cell for method in found for cell in method["cells"]]
    return [unit for unit in AXES if cells and all(cell["cost"].get(unit) for cell in cells)]


def frontier(cells: Sequence[Cell], unit: str) -> list[int]:
    """Places of the cells that succeed more often than all that cost as much or less.

    They were chosen on the problems that they are measured on, so that the line through them
    flatters where many cells are alike.
    """
    costed = [i for i, cell in enumerate(cells) if unit in cell["cost"]]
    order = sorted(costed, key=lambda i: (cells[i]["cost"][unit], -cells[i]["success"]))
    best, kept = -math.inf, []
    for i in order:
        if cells[i]["success"] > best:
            best = cells[i]["success"]
            kept.append(i)
    return kept


def _method(policy: str, verifier: str, cells: list[Cell]) -> MethodData:
    # Without a verifier there is nothing to choose at a cost: its line is all of its cells.
    plain = not any(cell["V"] for cell in cells)
    best = {}
    for unit in AXES:
        costed = [i for i, cell in enumerate(cells) if unit in cell["cost"]]
        ordered = sorted(costed, key=lambda i: cells[i]["cost"][unit])
        if costed:
            best[unit] = ordered if plain else frontier(cells, unit)
    return {
        "policy": policy,
        "verifier": verifier,
        "title": shown_policy(policy) + (f" ({verifier})" if verifier else ""),
        "oracle": policy.partition("(")[0] in NOBODY,
        "cells": cells,
        "best": best,
    }


def _cell(row: dict[str, Any]) -> Cell:
    costs = {unit: known(row.get(column)) for unit, column in _COLUMNS.items()}
    return {
        "S": _whole(row["S"]),
        "V": _whole(row["V"]),
        "cap": known(row.get("cap")),
        "cost": {unit: cost for unit, cost in costs.items() if cost is not None},
        "success": known(row["success"]) or 0.0,
        "low": known(row["ci_low"]),
        "high": known(row["ci_high"]),
        "error": known(row["mc_standard_error"], 3),
        "estimator": str(row["estimator"]),
        "problems": int(row["n_problems"]),
    }


def _whole(value: Any) -> int | None:
    return None if value is None or value != value else int(value)
