"""Metrics of repeated samples as a terminal table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.beyond import Beyond
from ttc.pipeline.metrics import Figure, Metrics
from ttc.report.coverage import some
from ttc.report.tables import percent, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_HEADINGS = {
    "pass_at_k": "pass@k",
    "g_pass_at_k_0.5": "G-Pass@k 0.5",
    "g_pass_at_k_0.75": "G-Pass@k 0.75",
    "pass_hat_k": "pass^k",
    "mg_pass_at_k": "mG-Pass@k",
}


def print_metrics(console: Console, found: Metrics) -> None:
    """Print one row a k, then the single figures, and what each interval is about."""
    from ttc.report.console import line

    each = str(found.fewest)
    if found.fewest < found.most:
        each += f" to {found.most}"
    title = f"Repeated samples of {found.run}, in %: {counted(found.problems, 'problem')}"
    rows = [(k, *(_cell(found.by_k[name][i]) for name in _HEADINGS)) for i, k in enumerate(found.k)]
    heading = ("k", *_HEADINGS.values())
    console.print(table(f"{title}, {each} solutions each", heading, rows, range(len(heading))))
    for text in _lines(found):
        console.print(line(text))
    if found.beyond is not None:
        _print_beyond(console, found.beyond, found.level)


def _print_beyond(console: Console, found: Beyond, level: float) -> None:
    from ttc.report.console import line

    one = found.coverage
    rows = [
        (int(k), percent(float(y)), f"{percent(float(low))} to {percent(float(high))}")
        for k, y, low, high in zip(one.k, one.mean, one.low, one.high, strict=True)
    ]
    heading = ("k", "pass@k", f"{100 * level:g} % interval")
    console.print(table("Forecast, not measured", heading, rows, (0, 1)))
    for text in _told(found):
        console.print(line(text))


def _told(found: Beyond) -> list[str]:
    odds, plan = found.odds, found.plan
    lines = [
        "Forecasts are of new problems, averaged over shapes of solve rates that fit the counts.",
        f"Some problems can't be solved: {odds['unsolvable']:.0%}; some always are: "
        f"{odds['certain']:.0%} (probabilities, even odds before the samples).",
    ]
    if not found.where:
        return [*lines, f"pass@{plan.k} of these problems is known as it is."]
    lines.append(
        f"pass@{plan.k} of these problems: {percent(plan.expected)}, standard error "
        f"{100 * plan.error_now:.1f} points. {plan.total:,} more solutions bring it to "
        f"{100 * plan.error_then:.1f} ({found.factor:.2f} of it; {100 * plan.error_even:.1f} if "
        "spread evenly), were the shape of solve rates known:"
    )
    for kind in found.where:
        problems = counted(len(kind.problems), "problem")
        lines.append(
            f"  {kind.more:,} more each for {problems} with {kind.right} of {kind.solutions} "
            f"right: {some(kind.problems)}"
        )
    return lines


def _cell(one: Figure) -> str:
    if math.isnan(one.value):
        return "-"
    if math.isnan(one.low):
        return f"{100 * one.value:.1f}"
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _lines(found: Metrics) -> list[str]:
    level = f"{100 * found.level:g} %"
    low, high = found.mean_interval
    area = found.area
    lines = [
        f"Area under pass@k over log k up to {found.fewest}: {_cell(area)} %",
        f"Bayes@N, uniform prior: {percent(found.mean)}, standard deviation "
        f"{100 * found.mean_sd:.2f} points ({percent(low)} to {percent(high)})",
        f"Intervals are {level}: over new problems; of Bayes@N over new samples of these problems.",
        "pass^k: all of k right (G-Pass@k at 1); G-Pass@k: at least that share of k; mG-Pass@k: "
        "its mean over shares from 0.5 to 1.",
    ]
    if rough := few_problems(found.problems):
        lines.append(rough)
    if found.left_out:
        lines.append(f"{len(found.left_out)} problems have no solution: {some(found.left_out)}")
    return lines
