"""Success against compute of a scaling fit: the votes, verified selection, and coverage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ttc.pipeline.scaling import MethodFit, ScalingFit
from ttc.report.direct_labels import End, label_ends
from ttc.report.looks import BLACK, COLOURS, PAGE
from ttc.report.names import axis, label, shown_policy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = (BLACK, *COLOURS, "#7A3E9D")
# A solid line is a vote's and a dotted one coverage's; diamonds say where verification is ahead.
_STYLES: tuple[Any, ...] = ("--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))
_MARKERS = ("o", "s", "^", "v", "P", "X", "*")
_FILLED = 4
"""The most curves whose bands are filled; of more, their edges are drawn."""


def success_figure(fit: ScalingFit, title: str) -> Figure:
    """Self-consistency, the frontier of each verified policy, and coverage, named at their ends.

    No two curves have colour, line and marker alike; coverage is dotted in its vote's colour.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE, 4.4), layout="constrained")
    axes = figure.subplots()
    firsts = {method.run: method for method in reversed(fit.methods)}
    filled = len(fit.methods) + len(firsts) <= _FILLED
    looks, ends, told = _looks(), [], set()
    for method in fit.methods:
        run = f" {fit.called(method.run)}" if fit.names else ""
        if method.run not in told:
            told.add(method.run)
            look = next(looks) | {"linestyle": "-"}
            ends.append(_coverage(axes, method, look["color"], f"coverage{run}"))
            ends.append(_curve(axes, method, "voted", look, f"self-consistency{run}", filled))
        look = next(looks)
        name = shown_policy(method.policy) + method.label.removeprefix(method.policy)
        ends.append(_curve(axes, method, "verified", look, name, filled))
        _crossing(axes, method, look["color"])
        if len(fit.methods) == 1:
            _rungs(axes, method, look["color"])
    axes.set_xscale("log", base=2 if fit.unit == "c" else 10)
    axes.set_xlabel(f"compute per problem C, {axis(fit.unit)}")
    axes.set_ylabel("success rate")
    axes.grid(alpha=0.25)
    axes.set_xlim(*axes.get_xlim())
    axes.set_ylim(*axes.get_ylim())
    label_ends(axes, ends)
    axes.set_title(_title(fit, title, filled), fontsize=9, loc="left")
    return figure


def _title(fit: ScalingFit, title: str, filled: bool) -> str:
    bands = "bands" if filled else "thin lines, ends of bands"
    first = f"{title}: best S and V in each budget"
    second = f"{bands}: {100 * fit.request.level:g} % over {fit.problems} problems"
    found = any(np.isfinite(one.figures["crossover"].estimate) for one in fit.methods)
    marks = ["coverage: an oracle selects", *(["diamonds: ahead of the vote from here"] * found)]
    return "\n".join(map(label, (f"{first} ({second})", "; ".join(marks))))


def _looks() -> Iterator[dict[str, Any]]:
    """Colours, lines and markers, the three together never twice."""
    place = 0
    while True:
        rounds, colour = divmod(place, len(_COLOURS))
        yield {
            "color": _COLOURS[colour],
            "linestyle": _STYLES[(colour + rounds) % len(_STYLES)],
            "marker": _MARKERS[(colour + 2 * rounds) % len(_MARKERS)],
        }
        place += 1


def _coverage(axes: Axes, method: MethodFit, colour: str, name: str) -> End:
    setting = method.setting
    cost = setting.voting(setting.S, np.zeros(1))
    axes.plot(cost, method.covered, ":", color=colour, linewidth=1.4, label=label(name))
    return _end(cost, method.covered, name, colour)


def _curve(
    axes: Axes, method: MethodFit, which: str, look: dict[str, Any], name: str, filled: bool
) -> End:
    """A curve with its band, and its marker at the cells that were measured."""
    band, colour = getattr(method, which), look["color"]
    line = {"color": colour, "linestyle": look["linestyle"]}
    axes.plot(method.budgets, band.success, **line, linewidth=1.8, label=label(name))
    if filled:
        axes.fill_between(
            method.budgets, band.low, band.high, color=colour, alpha=0.14, linewidth=0
        )
    else:
        for edge, word in ((band.low, "lower end"), (band.high, "upper end")):
            hidden = f"_{label(name)}: {word}"
            axes.plot(method.budgets, edge, **line, linewidth=0.5, alpha=0.6, label=hidden)
    cells = getattr(method.analysis, which)
    mark: dict[str, Any] = {"color": colour, "marker": look["marker"], "markersize": 4}
    axes.plot(cells.cost, cells.success, **mark, linestyle="none", label=f"_{label(name)}, cells")
    return _end(method.budgets, band.success, name, colour)


def _end(x: Any, y: Any, name: str, colour: str) -> End:
    """Of a curve, where it was measured last."""
    known = np.flatnonzero(np.isfinite(y))
    last = known[-1] if len(known) else -1
    return End(float(x[last]), float(y[last]) if len(known) else 0.0, name, colour)


def _crossing(axes: Axes, method: MethodFit, colour: str) -> None:
    """Where verification gets ahead for good, with its interval; an arrow where that is open."""
    one = method.figures["crossover"]
    if not np.isfinite(one.estimate):
        return
    height = float(method.analysis.verified.at(np.array([one.estimate]))[0])
    high = one.high if np.isfinite(one.high) else float(method.budgets[-1])
    name = f"_ahead from here: {method.label}"
    line: dict[str, Any] = {"color": colour, "linewidth": 1, "label": f"{name}, interval"}
    axes.plot([one.low, high], [height] * 2, "-", marker="|", **line)
    mark: dict[str, Any] = {"color": colour, "markersize": 6, "markeredgecolor": "white"}
    axes.plot([one.estimate], [height], "D", label=name, **mark)
    if not np.isfinite(one.high):
        axes.plot([high], [height], ">", color=colour, markersize=5)


def _rungs(axes: Axes, method: MethodFit, colour: str) -> None:
    """One thin line for each V."""
    costs = method.setting.costs
    for column, v in enumerate(method.setting.V):
        line = method.surface[:, column]
        name = f"_V={v}"  # which legends leave out
        axes.plot(costs[:, column], line, "-", color=colour, alpha=0.3, linewidth=0.8, label=name)
        last = np.flatnonzero(~np.isnan(line))
        if len(last):
            at = costs[last[-1], column], line[last[-1]]
            axes.annotate(f" V={v}", at, fontsize=7, color=colour)
