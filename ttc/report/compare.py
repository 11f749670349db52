"""A comparison of methods at equal compute, as a table and as a figure of small panels."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.comparing import VOTE, Comparison, Point
from ttc.report.drawing import write_figures
from ttc.report.names import axis, label, shown_policy
from ttc.report.tables import markdown, number, percent, table
from ttc.store.atomic import write_text
from ttc.store.tables import write_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.console import Console

_COLUMNS = 4
_GREY, _BLUE = "#777777", "#0072B2"
_SHOWN = 3  # budgets in the table where none were asked for


def print_comparison(console: Console, found: Comparison, limits: tuple[float, ...]) -> None:
    """Print a table for each budget, the best method first. limits: none for some of the ladder."""
    from ttc.report.console import line

    for limit in limits or _some(found):
        console.print(table(*_table(found, limit), (2, 3, 4, 5, 6, 7)))
    console.print(line(said(found)))
    if rough := few_problems(found.problems):
        console.print(line(rough))


def _some(found: Comparison) -> tuple[float, ...]:
    """A small, a middling and the largest budget, at which most methods can be bought."""
    there = {limit: sum(p.budget == limit for p in found.points) for limit in found.budgets}
    full = [limit for limit, n in there.items() if n == max(there.values())] or list(there)
    if len(full) <= _SHOWN:
        return tuple(full)
    return full[0], full[len(full) // 2], full[-1]


def _table(found: Comparison, limit: float) -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    points = [point for point in found.points if point.budget == limit]
    points.sort(key=lambda point: -point.success.estimate)
    title = f"Within {number(limit)} per problem ({axis(found.unit)}), {found.problems} problems"
    heads = (
        "method",
        "chooses by",
        "S",
        "V",
        "compute",
        "calls",
        "success",
        "ahead of the vote",
        "p",
    )
    return title, heads, [_row(point) for point in points]


def _row(point: Point) -> tuple[str, ...]:
    row, success, ahead = point.row, point.success, point.ahead
    span = f"{percent(success.estimate)} ({100 * success.low:.1f} to {100 * success.high:.1f})"
    gap = "-"
    if ahead is not None:
        gap = f"{100 * ahead.estimate:+.1f} ({100 * ahead.low:+.1f} to {100 * ahead.high:+.1f})"
    p = "-" if math.isnan(point.p) else "< 0.001" if point.p < 0.001 else f"{point.p:.3f}"
    calls = number(float(row["calls"]))
    policy, size, depth = shown_policy(row["policy"]), str(row["S"] or "-"), str(row["V"] or "-")
    return point.method, policy, size, depth, number(point.cost), calls, span, gap, p


def write_comparison(found: Comparison, limits: tuple[float, ...], folder: Path) -> None:
    """`comparison.parquet` with every point, the tables as Markdown, and the figure.

    Raises `TtcError` where they can't be written.
    """
    rows = [point.as_row(found.unit) for point in found.points]
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "comparison.parquet", "comparison", rows)
    tables = [_table(found, limit) for limit in limits or _some(found)]
    parts = [f"{title}\n\n{markdown(heads, rows)}\n" for title, heads, rows in tables]
    write_text(folder / "comparison.md", "\n".join([*parts, said(found)]) + "\n")
    draw_comparison(found, "Success at equal compute", folder / "comparison.png")


def said(found: Comparison) -> str:
    """What the figures are."""
    return (
        "Success is out of bag, as policy, S and V were chosen on these problems. "
        f"{100 * found.level:g} % intervals for new problems; p: paired t test against the vote, "
        "adjusted (Holm) within each budget. Calls are of models and of programs, which have no "
        "tokens."
    )


def draw_comparison(found: Comparison, title: str, path: Path) -> None:
    """A panel for each method, its success within each budget beside the vote's.

    Panels share their axes; see `write_figures`.
    """
    write_figures({path.stem: _figure(found, title)}, path.parent)


def _figure(found: Comparison, title: str) -> Figure:
    from matplotlib.figure import Figure

    names = [name for name in found.methods if name != VOTE] or list(found.methods)
    rows = math.ceil(len(names) / _COLUMNS)
    figure = Figure(figsize=(11, 1 + 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    vote = _line(found, VOTE)
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, vote, _GREY, "vote")
        _curve(panel, _line(found, name), _BLUE, name)
        panel.set_xscale("log")
        panel.grid(alpha=0.25)
        panel.set_title(label(name), fontsize=9, loc="left", color=_BLUE)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    last = panels[0]
    if vote:
        end = vote[-1].budget, vote[-1].success.low
        last.annotate(
            "vote", end, (0, -8), textcoords="offset points", ha="right", fontsize=7, color=_GREY
        )
    counted = f"compute per problem, {axis(found.unit)}, all that was asked for counted"
    figure.supxlabel(counted, fontsize=9)
    figure.supylabel("success rate", fontsize=9)
    band = f"bands: {100 * found.level:g} % over {found.problems} problems; grey: the vote alone"
    figure.suptitle(label(f"{title} ({band})"), fontsize=10, x=0.01, ha="left")
    return figure


def _line(found: Comparison, name: str) -> list[Point]:
    return [point for point in found.points if point.method == name]


def _curve(panel: Axes, points: list[Point], colour: str, name: str) -> None:
    budgets = [point.budget for point in points]
    panel.plot(budgets, [p.success.estimate for p in points], "-", color=colour, linewidth=1.6)
    panel.fill_between(
        budgets,
        [p.success.low for p in points],
        [p.success.high for p in points],
        color=colour,
        alpha=0.14,
        linewidth=0,
    )
