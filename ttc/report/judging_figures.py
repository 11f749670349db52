"""Figures of judged verifiers: ROC and PR, reliability, verdicts V, false positives against S."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ttc.pipeline.judging.curves import Point
from ttc.pipeline.judging.evaluation import Judging, OneJudging
from ttc.pipeline.judging.figures import ALL
from ttc.report.drawing import write_figures
from ttc.report.looks import BLACK, COLOURS, GREY, PAGE
from ttc.report.names import label
from ttc.report.panels import panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Line style and marker tell the curves apart without colours.
_COLOURS = (*COLOURS, BLACK)
_STYLES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)), ":")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_Place = Literal["best", "upper left", "lower left", "lower right"]
_MANY = 12  # bars, one verifier each


def draw(found: Judging, folder: Path) -> list[Path]:
    """Write the figures, see `write_figures`; returns the PNGs."""
    return write_figures(judging_figures(found), folder)


def judging_figures(found: Judging) -> dict[str, Figure]:
    """The figures by name: those for which there is something to draw."""
    makers: dict[str, Callable[[Judging], Figure | None]] = {
        "verifier_ranking": _ranking,
        "verifier_reliability": _reliability,
        "verifier_verifications": _verifications,
        "verifier_false_positives": _false_positives,
        "verifier_margins": _margins,
        "verifier_attacks": _attacks,
    }
    return {name: figure for name, make in makers.items() if (figure := make(found)) is not None}


def _look(number: int) -> dict[str, Any]:
    k = number % len(_COLOURS)
    return {"color": _COLOURS[k], "linestyle": _STYLES[k]}


def _finish(axes: Axes, x: str, y: str, title: str, where: _Place = "best") -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(label(title), fontsize=9, loc="left")
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False, loc=where)


def _told(part: OneJudging, quantity: str, word: str) -> str:
    """The verifier with a figure of it, for a legend."""
    one = part.figure(quantity)
    if one is None or np.isnan(one.value):
        return label(part.verifier)
    ends = "" if np.isnan(one.low) else f" ({one.low:.2f} to {one.high:.2f})"
    return label(f"{part.verifier}, {word} {one.value:.2f}{ends}")


def _ranking(found: Judging) -> Figure | None:
    """ROC and precision against recall."""
    if not any(part.series("roc", ALL) for part in found.each):
        return None
    figure, (left, right) = panels(2)
    left.plot([0, 1], [0, 1], ":", color=GREY, linewidth=1)
    for i, part in enumerate(found.each):
        roc, pairs = part.series("roc", ALL), part.series("precision_recall", ALL)
        if not roc:
            continue
        left.plot(*_line(roc), **_look(i), label=_told(part, "auc", "AUC"))
        # Precision holds from one threshold to the next: steps, as the area counts them.
        x, y = _line(pairs)
        word = _told(part, "average_precision", "AP")
        right.step(np.append(0.0, x), np.append(y[:1], y), where="pre", **_look(i), label=word)
        if len(roc) <= 20:
            left.plot(
                *_line(roc), _MARKERS[i % len(_MARKERS)], color=_look(i)["color"], markersize=3
            )
        base = part.figure("right")
        if base is not None:
            right.axhline(base.value, color=GREY, linestyle=":", linewidth=0.8)
    _finish(left, "wrong solutions accepted", "right solutions accepted", f"{found.run}: ROC")
    right.set_ylim(0, 1.02)
    title = f"{found.run}: precision (dotted: share right)"
    _finish(right, "recall: right solutions accepted", "precision", title, "lower left")
    return figure


def _line(points: Sequence[Point]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.array([one.x for one in points]), np.array([one.y for one in points])


def _reliability(found: Judging) -> Figure | None:
    """A diagram for each verifier, the numbers of solutions below, and names below these."""
    from matplotlib.figure import Figure

    some = [part for part in found.each if part.series("reliability", "equal width")][:_MANY]
    if not some:
        return None
    columns, rows = min(len(some), 2), math.ceil(len(some) / 2)
    width = PAGE if columns > 1 else 5.4
    figure = Figure(figsize=(width, 4.8 * rows), layout="constrained")
    ratios = {"height_ratios": [4, 1, 0.6] * rows}
    grid = figure.subplots(3 * rows, columns, squeeze=False, sharex=True, gridspec_kw=ratios)
    for spare in grid[-3:, 1:].ravel() if len(some) % 2 and columns > 1 else ():
        spare.set_visible(False)
    for i, part in enumerate(some):
        row, column = divmod(i, columns)
        upper, lower, below = grid[3 * row : 3 * row + 3, column]
        upper.plot([0, 1], [0, 1], ":", color=GREY, linewidth=1)
        for k, (series, word) in enumerate(
            (("equal width", "ece_width"), ("equal mass", "ece_mass"))
        ):
            points = part.series("reliability", series)
            _with_ends(upper, points, k, _told(part, word, f"{series}: ECE").partition(", ")[2])
            x = [one.x for one in points]
            lower.bar(
                x, [one.solutions for one in points], width=0.02 + 0.02 * (1 - k), alpha=0.6,
                color=_COLOURS[k], hatch=("", "////")[k], edgecolor="white", linewidth=0,
            )  # fmt: skip
        upper.set_ylim(-0.02, 1.02)
        handles, names = upper.get_legend_handles_labels()
        upper.set_title(label(f"{found.run}: {part.verifier}"), fontsize=9, loc="left")
        upper.set_ylabel("share right")
        upper.grid(alpha=0.25)
        below.set_axis_off()
        below.legend(handles, names, fontsize=7, frameon=False, loc="upper left", borderpad=0)
        lower.set_xlabel("mean score of a bin")
        lower.tick_params(labelbottom=True)
        lower.set_ylabel("solutions", fontsize=8)
    return figure


def _with_ends(axes: Axes, points: Sequence[Point], number: int, name: str) -> None:
    """Points with their intervals, a little apart where two series meet.

    Those without an interval, of too few problems, are hollow, and no line leads there.
    """
    moved = 0.006 * (2 * number - 1)
    marker, colour = _MARKERS[number], _COLOURS[number]
    sure = [one for one in points if not np.isnan(one.low)]
    x, y = _line(sure)
    ends = [[one.y - one.low for one in sure], [one.high - one.y for one in sure]]
    axes.errorbar(
        x + moved, y, yerr=np.abs(ends), marker=marker, color=colour, linestyle=_STYLES[number],
        linewidth=1.2, markersize=4, elinewidth=0.8, capsize=2, label=name,
    )  # fmt: skip
    x, y = _line([one for one in points if np.isnan(one.low)])
    hollow = "hollow: too few problems for an interval"
    known = axes.get_legend_handles_labels()[1]
    unsure: dict[str, Any] = {"color": colour, "fillstyle": "none", "markersize": 4}
    axes.plot(x + moved, y, marker, **unsure, label=f"_{name}, {hollow}")
    if len(x) and hollow not in known:
        axes.plot([], [], "o", color=GREY, fillstyle="none", markersize=4, label=hollow)


def _verifications(found: Judging) -> Figure | None:
    """Accuracy against V, and how many of V are effective."""
    if max(len(part.series("verifications", "accuracy")) for part in found.each) < 2:
        return None
    figure, (left, right) = panels(2)
    most = 1.0
    for i, part in enumerate(found.each):
        _band(left, part, "verifications", "balanced_accuracy", i, "balanced accuracy")
        _band(left, part, "verifications", "auc", i, "AUC", faint=True)
        _band(right, part, "verifications", "effective_verdicts", i, "")
        most = max(most, *(one.x for one in part.series("verifications", "accuracy")))
    right.plot([1, most], [1, most], ":", color=GREY, linewidth=1, label="independent verdicts")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
    right.set_yscale("log", base=2)
    word = "verifications per solution V"
    _finish(left, word, "of the mean of V verdicts", f"{found.run}: accuracy against V")
    _finish(
        right, word, "effective number of verdicts", f"{found.run}: what correlation leaves of V"
    )
    return figure


def _false_positives(found: Judging) -> Figure | None:
    if max(len(part.series("false_positives", "best_wrong")) for part in found.each) < 2:
        return None
    figure, (left, right) = panels(2)
    for i, part in enumerate(found.each):
        _band(left, part, "false_positives", "best_wrong", i, "wrong")
        _band(
            left, part, "false_positives", "best_wrong_accepted", i, "wrong, accepted", faint=True
        )
        _band(right, part, "false_positives", "right_missed", i, "a right one is missed")
        _band(
            right,
            part,
            "false_positives",
            "none_right_accepted",
            i,
            "none right, one accepted",
            faint=True,
        )
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_ylim(bottom=0)
    word = "solutions S"
    _finish(left, word, "probability", f"{found.run}: the best scored of S is wrong")
    _finish(right, word, "share of such sets of S", f"{found.run}: given a right one, or none")
    return figure


def _band(
    axes: Axes,
    part: OneJudging,
    curve: str,
    series: str,
    number: int,
    word: str,
    faint: bool = False,
) -> None:
    points = part.series(curve, series)
    if not points:
        return
    look = _look(number)
    x, y = _line(points)
    name = f"{part.verifier}: {word}" if word else part.verifier
    style: dict[str, Any] = {"alpha": 0.55, "linewidth": 1.2, "marker": "."}
    if not faint:
        style = {"linewidth": 1.8, "marker": "o"}
    axes.plot(x, y, **look, **style, markersize=3.5, label=label(name))
    low = np.array([one.low for one in points])
    high = np.array([one.high for one in points])
    if not faint:
        axes.fill_between(
            x, low, high, color=look["color"], alpha=0.13 if number < 2 else 0.07, linewidth=0
        )


def _margins(found: Judging) -> Figure | None:
    """Share of problems whose choice may flip, against how far scores move."""
    figure, places = panels(2)
    for axes, policy in zip(places, ("best_of_n", "weighted_majority"), strict=True):
        for i, part in enumerate(found.each):
            _band(axes, part, "margin", policy, i, "")
        axes.set_ylim(0, 1.02)
        title = f"{found.run}: {policy.replace('_', ' ')}"
        word = "all scores move by at most"
        _finish(axes, word, "share of problems whose choice may flip", title, "lower right")
    return figure


def _attacks(found: Judging) -> Figure | None:
    """Share of altered wrong solutions that each verifier accepts, by attack."""
    told = [one for one in found.attacks if one.quantity == "accepted"]
    if not told:
        return None
    figure, (axes,) = panels(1, 6.4)
    groups = list(dict.fromkeys(one.group for one in told))
    names = list(dict.fromkeys(one.verifier for one in told))
    for i, name in enumerate(names):
        own = [one for one in told if one.verifier == name]
        y = np.array([one.value for one in own])
        ends = np.abs([y - [one.low for one in own], [one.high for one in own] - y])
        axes.errorbar(
            np.array([groups.index(one.group) for one in own]) + 0.12 * (i - (len(names) - 1) / 2),
            y, yerr=np.where(np.isnan(ends), 0, ends), marker=_MARKERS[i % len(_MARKERS)],
            color=_look(i)["color"], linestyle="none", capsize=3, label=label(name),
        )  # fmt: skip
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylim(-0.02, 1.02)
    title = f"{found.run}: wrong solutions, altered and judged anew"
    _finish(axes, "attack", "share accepted", title, "upper left")
    return figure
