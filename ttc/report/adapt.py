"""Rules that stop, side by side: a table, a figure of success against solutions, and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.intervals import few_problems
from ttc.errors import TtcError
from ttc.pipeline.adapting.request import FILES, Accepted, Adaptation, Line
from ttc.pipeline.interval import Interval
from ttc.pipeline.tuning.use import pasted
from ttc.report.drawing import write_figures
from ttc.report.looks import COLOURS, GREY, PAGE
from ttc.report.names import label
from ttc.report.tables import markdown, number, percent, points_with, table
from ttc.store.atomic import write_text
from ttc.store.tables import write_table
from ttc.terminal import dump_json
from ttc.words import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import Console

_HEADS = (
    "rule",
    "solutions",
    "tokens",
    "success",
    "saved",
    "lost",
    "ahead",
    "regret",
    "over",
)
_IN_FILES = ("tokens", "over")  # for which a terminal has no room
_KINDS = {
    "vote": "",
    "settled": "",
    "rule": "as given",
    "tuned": "tuned",
    "calibrated": "calibrated",
}
_MEANINGS = {
    "solutions": "saved: of the full vote's tokens; lost: points of success against it; ahead: of "
    "a vote with the same mean number of solutions for every problem; regret: against who knows "
    "how often k solutions succeed in each problem, and deals out as many. The clairvoyant stop is "
    "where the full vote's answer stands for good; how far beyond it a rule goes is in the "
    "files (over).",
    "verdicts": "The full vote is the choice by all verdicts. saved: of their tokens, solutions "
    "not counted; lost: points of success against it; ahead: of the choice by the same mean number "
    "of verdicts for every solution; regret: against who knows how often k verdicts of each "
    "solution succeed in each problem, and deals out as many. The clairvoyant stop is where the "
    "choice stands for good; how far beyond it a rule goes is in the files (over).",
}
_PER = {"solutions": "problem", "verdicts": "solution"}
_MARKS = {"rule": ("o", COLOURS[0]), "tuned": ("s", COLOURS[1]), "calibrated": ("D", COLOURS[2])}


def print_adaptation(console: Console, found: Adaptation, folder: Path) -> None:
    """Print the table, what its columns are, and how to go on with what was tuned."""
    from ttc.report.console import line

    about = f"problems that nothing was tuned on{_clusters(found)}"
    title = f"{found.run}: {_what(found)}, on the {found.problems} {about}"
    shown = [i for i, head in enumerate(_HEADS) if head not in _IN_FILES]
    rows = [[row[i] for i in shown] for row in map(_row, found.lines)]
    heads = _heads(found)
    console.print(table(title, [heads[i] for i in shown], rows, range(1, len(shown))))
    for text in [*said(found), *_accepted(found.accepted), *_how_on(found, folder)]:
        console.print(line(text))


def _what(found: Adaptation) -> str:
    if found.unit == "solutions":
        return f"rules that stop, of at most {found.most} solutions"
    votes = len(found.curve)
    return (
        f"rules that stop the verdicts of {found.judge}, of at most {votes} of each of "
        f"{found.most} solutions"
    )


def _clusters(found: Adaptation) -> str:
    return "" if found.clusters is None else f", in {counted(found.clusters, 'cluster')}"


def _heads(found: Adaptation) -> list[str]:
    counts = "solutions" if found.unit == "solutions" else "verdicts each"
    return [counts if head == "solutions" else head for head in _HEADS]


def _row(one: Line) -> tuple[str, ...]:
    return (
        one.label.replace("(", " (")
        + (f", {_KINDS[one.kind]}" if one.kind in ("tuned", "calibrated") else ""),
        number(one.samples),
        number(one.tokens),
        percent(one.success.estimate),
        "-" if one.saved is None else f"{percent(one.saved.estimate)} ({_span(one.saved, 0)})",
        _points(one.lost),
        _points(one.ahead),
        _points(one.regret),
        number(one.over),
    )


def said(found: Adaptation) -> list[str]:
    """What the figures are."""
    lines = [
        f"Replayed on {found.orders} random orders of each problem's solutions. Tuned: on "
        f"{counted(len(found.tuned.problems), 'other problem')}, the cheapest values that lose at "
        f"most {100 * found.loss:g} points there. {100 * found.level:g} % intervals for new "
        "problems, paired where two are compared.",
        _MEANINGS[found.unit],
    ]
    if found.replaced:
        name = FILES[found.unit]
        lines.append(f"{name} was of another split, and is replaced; don't use both.")
    if rough := few_problems(found.clusters or found.problems):
        lines.append(rough if found.clusters is None else rough.replace("problems", "clusters"))
    return lines


def _accepted(one: Accepted | None) -> list[str]:
    if one is None:
        return []
    region = one.region
    claim = f"at most {100 * region.alpha:g} % of accepted answers wrong"
    if not one.label:
        return [
            f"No region of {counted(region.window, 'solution')} is known to have {claim}: that "
            f"takes {one.needed} problems inside, all of them right, and there were "
            f"{one.tuning_problems} in all; take more problems, or a larger --alpha"
        ]
    error = "" if one.error is None else f" ({_span(one.error)})"
    return [
        f"{one.label}: {claim}, with probability {1 - region.delta:g} over the problems it was "
        f"calibrated on. There {one.tuning_inside} of {one.tuning_problems} were inside, "
        f"{one.tuning_wrong} of them wrong; on the others {one.inside} of {one.problems}, "
        f"{one.wrong} of them wrong{error}."
    ]


def _how_on(found: Adaptation, folder: Path) -> list[str]:
    path = folder / FILES[found.unit]
    calibrated = {line.label for line in found.lines if line.kind == "calibrated"}
    new = [c for c in found.tuned.policies if c.label != c.before or c.label in calibrated]
    if found.unit == "verdicts":
        shown = new or found.tuned.policies
        told = (f"{key}: {value}" for one in shown for key, value in one.policy.items())
        live = f"  sampler: {{{', '.join(told)}, draw: ..., critic: ...}}"
        return [f"live, on other problems than those in {path}:", live]
    if not new:
        return []
    return [
        "in a recipe, where the problems tuned on are to be left out:",
        *(f"  - {pasted(choice, path)}" for choice in new),
        "  grid: {tuning_problems: left_out}",
    ]


def write_adaptation(found: Adaptation, folder: Path) -> list[Path]:
    """`adaptation.parquet`, `.json`, `.md`, and the figure as PNG and SVG; of rules that stop
    verdicts `adaptation-verdicts.parquet` and so on.

    Raises `TtcError` where they can't be written.
    """
    rows = found.rows()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtcError(f"can't write in {folder}: {error.strerror}") from None
    stem = {"solutions": "adaptation", "verdicts": "adaptation-verdicts"}[found.unit]
    write_table(folder / f"{stem}.parquet", "adaptation", rows)
    write_text(folder / f"{stem}.json", dump_json(rows) + "\n")
    write_text(
        folder / f"{stem}.md",
        "\n".join([markdown(_heads(found), map(_row, found.lines)), "", *said(found)]) + "\n",
    )
    write_figures({stem: _figure(found)}, folder)
    return [folder / f"{stem}.{ending}" for ending in ("parquet", "json", "md", "png")]


def _figure(found: Adaptation) -> Figure:
    """Success against mean solutions: rules, the vote of as many, and the clairvoyants."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(PAGE, 5.8), layout="constrained")
    axes = figure.subplots()
    numbers = np.arange(1, len(found.curve) + 1)
    as_many = {"solutions": "vote, as many everywhere", "verdicts": "as many of each solution"}
    axes.plot(numbers, found.curve, "-", color="black", label=as_many[found.unit])
    axes.plot(numbers, found.foreseen, ":", color=GREY, label="dealt out by a clairvoyant")
    rules = 0
    for one in found.lines:
        at = one.samples, one.success.estimate
        if one.kind == "settled":
            axes.plot(*at, "*", color=GREY, markersize=10, label="clairvoyant stop")
        elif one.kind in _MARKS:
            rules += 1
            mark, colour = _MARKS[one.kind]
            name = label(f"{rules} {one.label}, {_KINDS[one.kind]}")
            axes.plot(*at, mark, color=colour, markersize=5, label=name)
            axes.annotate(
                str(rules), at, (4, -9), textcoords="offset points", fontsize=7, color=colour
            )
    if found.unit == "solutions":
        axes.set_xscale("log", base=2)
    axes.set_xlabel(f"mean {found.unit} per {_PER[found.unit]}")
    axes.set_ylabel("success rate")
    axes.grid(alpha=0.25)
    what = "rules that stop" + (" verdicts" if found.unit == "verdicts" else "")
    text = f"{found.run}: {what}, {found.problems} problems, {found.orders} orders each"
    axes.set_title(label(text), fontsize=9, loc="left")
    figure.legend(fontsize=7, frameon=False, loc="outside lower left", ncols=2)
    return figure


def _span(one: Interval, digits: int = 1) -> str:
    if np.isnan(one.low):
        return "-"
    return f"{100 * one.low:.{digits}f} to {100 * one.high:.{digits}f}"


def _points(one: Interval | None) -> str:
    if one is None:
        return "-"
    return points_with(one.estimate, one.low, one.high)
