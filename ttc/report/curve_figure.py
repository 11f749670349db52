"""Success against compute of a run's policies, as they stand in its table of curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ttc.report.curves import UNITS
from ttc.report.looks import BLACK, COLOURS
from ttc.report.names import axis, label, shown_policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLACK, *COLOURS)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_STYLES = ("-", "--", ":")
_SHOWN = 3  # V of a policy: the most, a middling one, the fewest

Row = Mapping[str, Any]


def curve_figure(rows: Sequence[Row], title: str, unit: str = "tokens") -> Figure:
    """Success with its band against compute in `unit`: a line for each policy, verifier and V.

    rows: of the `curves` table. Of many V the most, a middling one and the fewest are drawn. The
    names stand beside the curves, not on them.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 4.8), layout="constrained")
    axes = figure.subplots()
    known = [row for row in rows if _is_known(row[UNITS[unit]]) and _is_known(row["success"])]
    policies: dict[tuple[str, str], list[Row]] = {}
    for row in known:
        policies.setdefault((row["policy"], row["verifier"] or ""), []).append(row)
    for i, ((policy, verifier), own) in enumerate(policies.items()):
        name = shown_policy(policy) + (f" ({verifier})" if verifier else "")
        _policy(axes, own, UNITS[unit], name, i)
    axes.set_xscale("log", base=2 if unit == "c" else 10)
    axes.set_xlabel(f"compute per problem, {axis(unit)}")
    axes.set_ylabel("success rate")
    axes.grid(alpha=0.25)
    axes.set_title(label(f"{title} (bands: 95 %, new problems)"), fontsize=9, loc="left")
    if policies:
        axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _policy(axes: Axes, rows: Sequence[Row], column: str, name: str, number: int) -> None:
    depths = sorted({row["V"] or 0 for row in rows}, reverse=True)
    if len(depths) > _SHOWN:
        depths = [depths[0], depths[len(depths) // 2], depths[-1]]
    ordered = sorted(rows, key=lambda row: (row["V"] or 0, row[column]))
    lines = {depth: list(own) for depth, own in groupby(ordered, lambda row: row["V"] or 0)}
    colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
    for style, depth in zip(_STYLES, depths, strict=False):
        own = lines[depth]
        x = [float(row[column]) for row in own]
        shown = f"{name}, V = {depth}" if depth else name
        axes.plot(
            x, [row["success"] for row in own], linestyle=style, marker=marker, color=colour,
            markersize=3.5, linewidth=1.4, label=label(shown),
        )  # fmt: skip
        low, high = ([_or_nan(row[end]) for row in own] for end in ("ci_low", "ci_high"))
        axes.fill_between(x, low, high, color=colour, alpha=0.08, linewidth=0)


def _is_known(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
