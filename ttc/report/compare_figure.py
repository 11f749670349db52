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
from ttc.report.looks import BLACK, COLOURS, GREY
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
_LONGEST = 40

_End = tuple[float, str, str, float]
"""Of a curve: height, name, colour and budget of its end."""


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
    """Success of each on the left, what each is ahead of the baseline on the right; in percent."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    ends = [_succeeds(left, found, found.baseline, {"color": BLACK, "linewidth": 2.2})]
    right.plot(
        [found.ladder[0], found.ladder[-1]], [0, 0], color=BLACK, linewidth=2.2,
        label=_hidden(found.baseline),
    )  # fmt: skip
    gaps: list[_End | None] = [(0.0, found.baseline, BLACK, found.ladder[-1])]
    for i, name in enumerate(others):
        look = {
            "color": _COLOURS[i],
            "linestyle": _STYLES[i],
            "marker": _MARKERS[i],
            "markersize": 4.5,
            "linewidth": 1.6,
        }
        ends.append(_succeeds(left, found, name, look))
        gaps.append(_differs(right, found, name, look))
    for axes, named in ((left, ends), (right, gaps)):
        _axis(axes, found)
        _name_ends(axes, [one for one in named if one is not None])
    left.set_ylabel("success, %")
    left.set_title(label(f"Success at equal compute, {found.problems} problems"), **_TITLE)
    right.set_ylabel("success less that of the baseline, points")
    together = f"Paired differences; {100 * found.level:g} % bands hold at all budgets together"
    right.set_title(label(together), **_TITLE)
    return figure


def _succeeds(axes: Axes, found: Comparison, name: str, look: dict[str, Any]) -> _End | None:
    """Draw a method's curve; where it ends, None where it has none."""
    points = _line(found, name)
    if not points:
        return None
    x, y = _budgets(points), [100 * p.success.estimate for p in points]
    axes.plot(x, y, label=_hidden(name), **look)
    return y[-1], name, look["color"], x[-1]


def _differs(axes: Axes, found: Comparison, name: str, look: dict[str, Any]) -> _End | None:
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
    return y[-1], name, look["color"], x[-1]


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
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (1, 2, 5) if last - first < 4 else (1,)
    ticks = [m * 10.0**e for e in range(first, last + 1) for m in steps]
    inside = [t for t in ticks if low * 0.95 <= t <= high * 1.05]
    if inside:
        axes.set_xticks(inside, [number(t) for t in inside])
    axes.minorticks_off()
    room = (high / low) ** 0.03
    axes.set_xlim(low / room, high * room)


def _name_ends(axes: Axes, named: Sequence[tuple[float, str, str, float]]) -> None:
    """Each curve's name beside the axes, as high as its end; where ends are close, moved apart with
    a thin line to each.
    """
    low, high = axes.get_ylim()
    step = (high - low) * 0.06
    order = sorted(named, key=lambda one: one[0])
    heights = spread([one[0] for one in order], step, high)
    axes.set_ylim(min(low, heights[0] - step / 2), high)
    for (y, name, colour, x), height in zip(order, heights, strict=True):
        axes.annotate(
            label(name, _LONGEST),
            (x, y),
            (1.03, height),
            textcoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
            color=colour,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.5,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def spread(values: Sequence[float], step: float, top: float = math.inf) -> list[float]:
    """Ascending places near ascending values, each a step at least from the next, none above
    `top`.
    """
    found = list(values)
    for i in range(1, len(found)):
        found[i] = max(found[i], found[i - 1] + step)
    ceiling = top
    for i in range(len(found) - 1, -1, -1):
        found[i] = min(found[i], ceiling)
        ceiling = found[i] - step
    return found


def _small_panels(found: Comparison, names: Sequence[str]) -> Figure:
    """A panel for each method, its success within each budget beside the baseline's."""
    from matplotlib.figure import Figure

    rows = math.ceil(len(names) / _COLUMNS)
    figure = Figure(figsize=(11, 1 + 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    base = _line(found, found.baseline)
    for panel, name in zip(panels, names, strict=False):
        _curve(panel, found.baseline, base, GREY, "--")
        _curve(panel, name, _line(found, name), _BLUE, "-")
        panel.set_xscale("log")
        panel.grid(alpha=0.25)
        panel.set_title(label(name, _LONGEST), fontsize=9, loc="left", color=_BLUE)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
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
    figure = Figure(figsize=(8, 1.2 + 0.27 * max(len(points), 2)), layout="constrained")
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
