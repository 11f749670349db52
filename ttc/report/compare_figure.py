"""The figure of a comparison: success against compute, and differences with bands.

Curves are named at their ends, where they are; each has a colour, a line and a marker that no other
has. With more rows than colours, each has a panel of its own, beside the baseline in grey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.pipeline.comparing import Comparison, Point
from ttc.report.direct_labels import End, label_ends
from ttc.report.looks import BLACK, COLOURS, GREY, PAGE
from ttc.report.names import axis, label
from ttc.report.tables import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette without its yellow, dark and light in turn, so that grey tells them apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7A3E9D")
_STYLES: tuple[Any, ...] = (
    "-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)),
)  # fmt: skip
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_BLUE = COLOURS[0]
_COLUMNS = 4
_LONGEST = 60


def comparison_figures(found: Comparison) -> dict[str, Figure]:
    """By name: `comparison`, where there are budgets; `differences`, of many rows or of sizes."""
    others = [name for name in found.methods if name != found.baseline]
    figures: dict[str, Figure] = {}
    if found.ladder and len(others) <= len(_COLOURS):
        figures["comparison"] = _two_panels(found, others)
    elif found.ladder:
        figures["comparison"] = _small_panels(found, others)
    if not found.ladder or len(others) > len(_COLOURS):
        figures["differences"] = _forest(found)
    return figures


def _caption(found: Comparison) -> str:
    return f"{found.problems} problems, {100 * found.level:g} % bands"


def _line(found: Comparison, name: str) -> list[Point]:
    return [point for point in found.curve if point.method == name]


def _two_panels(found: Comparison, others: Sequence[str]) -> Figure:
    """Success of each above, what each is ahead of the baseline below; in percent."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE, 7.6), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    ends = [_succeeds(upper, found, found.baseline, {"color": BLACK, "linewidth": 2.2})]
    lower.plot(
        [found.ladder[0], found.ladder[-1]], [0, 0], color=BLACK, linewidth=2.2,
        label=_hidden(found.baseline),
    )  # fmt: skip
    gaps: list[End | None] = [End(found.ladder[-1], 0.0, found.baseline, BLACK)]
    for i, name in enumerate(others):
        look = {
            "color": _COLOURS[i],
            "linestyle": _STYLES[i],
            "marker": _MARKERS[i],
            "markersize": 4.5,
            "linewidth": 1.6,
        }
        ends.append(_succeeds(upper, found, name, look))
        gaps.append(_differs(lower, found, name, look))
    for axes, named in ((upper, ends), (lower, gaps)):
        _axis(axes, found)
        axes.set_ylim(*axes.get_ylim())
        label_ends(axes, [one for one in named if one is not None], 8.5, _LONGEST)
    upper.set_ylabel("success, %")
    upper.set_title(label(f"Success at equal compute, {found.problems} problems"), **_TITLE)
    lower.set_ylabel("success less that of the baseline, points")
    together = f"Paired differences; {100 * found.level:g} % bands hold at all budgets together"
    lower.set_title(label(together), **_TITLE)
    return figure


def _succeeds(axes: Axes, found: Comparison, name: str, look: dict[str, Any]) -> End | None:
    """Draw a method's curve; where it ends, None where it has none."""
    points = _line(found, name)
    if not points:
        return None
    x, y = _budgets(points), [100 * p.success.estimate for p in points]
    axes.plot(x, y, label=_hidden(name), **look)
    return End(x[-1], y[-1], name, look["color"])


def _differs(axes: Axes, found: Comparison, name: str, look: dict[str, Any]) -> End | None:
    """Draw what a method is ahead of the baseline, with its band."""
    points = [point for point in _line(found, name) if point.ahead is not None]
    if not points:
        return None
    x, y = _budgets(points), [100 * p.ahead.estimate for p in points if p.ahead]
    axes.plot(x, y, label=_hidden(name), **look)
    low, high = 100 * found.bands[name].T
    axes.fill_between(found.ladder, low, high, color=look["color"], alpha=0.13, linewidth=0)
    thin: dict[str, Any] = {
        "color": look["color"],
        "linestyle": look["linestyle"],
        "linewidth": 0.6,
    }
    for edge, which in ((low, "lower end"), (high, "upper end")):
        axes.plot(found.ladder, edge, label=_hidden(f"{name}: {which}"), **thin)
    return End(x[-1], y[-1], name, look["color"])


def _hidden(name: str) -> str:
    """What a curve is called in the table beside the figure; legends leave it out."""
    return f"_{label(name, _LONGEST)}"


def _budgets(points: Sequence[Point]) -> list[float]:
    return [point.budget or 0.0 for point in points]


_TITLE: dict[str, Any] = {"fontsize": 9.5, "loc": "left"}


def _axis(axes: Axes, found: Comparison) -> None:
    low, high = found.ladder[0], found.ladder[-1]
    axes.set_xscale("log")
    axes.set_xlabel(f"compute per problem, {axis(found.unit)}")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    ticks = _ticks(low, high)
    axes.set_xticks(ticks, [number(t) for t in ticks])
    axes.minorticks_off()
    room = (high / low) ** 0.03
    axes.set_xlim(low / room, high * room)


_STEPS = ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 1.2, *range(2, 10)))


def _ticks(low: float, high: float) -> list[float]:
    """Round amounts within a range, three at the least; its ends where so many are none."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in _STEPS[0 if last - first >= 4 else 1 :]:
        ticks = [m * 10.0**e for e in range(first, last + 1) for m in steps]
        inside = [t for t in ticks if low * 0.95 <= t <= high * 1.05]
        if len(inside) >= 3:
            return inside
    return [low, high]


def _small_panels(found: Comparison, names: Sequence[str]) -> Figure:
    """A panel for each method, its success within each budget beside the baseline's."""
    from matplotlib.figure import Figure

    rows = math.ceil(len(names) / _COLUMNS)
    figure = Figure(figsize=(PAGE, 1 + 1.45 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    base = _line(found, found.baseline)
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, found.baseline, base, GREY, "--")
        _curve(panel, name, _line(found, name), _BLUE, "-")
        panel.set_xscale("log")
        panel.grid(alpha=0.25)
        panel.set_title(label(name, _LONGEST), fontsize=8, loc="left", color=_BLUE)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    for panel in panels[: len(names)][-_COLUMNS:]:  # the lowest of each column
        panel.tick_params(labelbottom=True)
    if base:
        end = base[-1].budget or 0.0, base[-1].success.low
        panels[0].annotate(
            label(found.baseline, _LONGEST),
            end,
            (0, -8),
            textcoords="offset points",
            ha="right",
            fontsize=7,
            color=GREY,
        )
    counted = f"compute per problem, {axis(found.unit)}, all that was asked for counted"
    figure.supxlabel(counted, fontsize=9)
    figure.supylabel("success rate", fontsize=9)
    text = f"Success at equal compute ({_caption(found)}; grey: {found.baseline} alone)"
    figure.suptitle(label(text), fontsize=10, x=0.01, ha="left")
    return figure


def _curve(panel: Axes, name: str, points: Sequence[Point], colour: str, style: str) -> None:
    look: dict[str, Any] = {"color": colour, "linestyle": style, "linewidth": 1.6}
    budgets = _budgets(points)
    panel.plot(budgets, [p.success.estimate for p in points], label=_hidden(name), **look)
    panel.fill_between(
        budgets,
        [p.success.low for p in points],
        [p.success.high for p in points],
        color=colour,
        alpha=0.14,
        linewidth=0,
    )


def _forest(found: Comparison) -> Figure:
    """What each is ahead of the baseline at the last stated place, the best on top; filled where
    that is decided.
    """
    from matplotlib.figure import Figure

    told = [point for point in found.points if point.ahead is not None]
    last = told[-1] if told else None
    points = [p for p in told if last and (p.budget, p.samples) == (last.budget, last.samples)]
    points.sort(key=lambda p: p.ahead.estimate if p.ahead else 0.0)
    figure = Figure(figsize=(PAGE, 1.2 + 0.27 * max(len(points), 2)), layout="constrained")
    axes = figure.subplots()
    for i, point in enumerate(points):
        one = point.ahead
        if one is None:
            continue
        decided = point.verdict in ("better", "worse")
        ends = [100 * one.low, 100 * one.high]
        axes.plot(ends, [i, i], "-", color=_BLUE, linewidth=1.4, label="_interval")
        axes.plot(
            100 * one.estimate,
            i,
            "o",
            color=_BLUE,
            markersize=5,
            fillstyle="full" if decided else "none",
            label="_decided" if decided else "_undecided",
        )
    axes.axvline(0, color=BLACK, linewidth=1.2)
    axes.set_yticks(np.arange(len(points)), [label(p.method, _LONGEST) for p in points], fontsize=8)
    axes.grid(axis="x", alpha=0.25)
    axes.set_xlabel(label(f"success less that of {found.baseline}, points"))
    if last is not None:
        where = (
            f"at S = {last.samples}"
            if last.budget is None
            else f"within {number(last.budget)} {axis(found.unit)}"
        )
        text = f"Paired differences {where}, {found.problems} problems; filled: decided"
        axes.set_title(label(text), **_TITLE)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
