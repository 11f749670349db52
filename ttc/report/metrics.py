"""Metrics of repeated samples as a terminal table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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


def _cell(one: Figure) -> str:
    if math.isnan(one.value):
        return "-"
    return f"{100 * one.value:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _lines(found: Metrics) -> list[str]:
    level = f"{100 * found.level:g} %"
    low, high = found.mean_interval
    area = found.area
    lines = [
        f"Area under pass@k over log k up to {found.fewest}: {percent(area.value)} "
        f"({percent(area.low)} to {percent(area.high)})",
        f"Bayes@N, uniform prior: {percent(found.mean)}, standard deviation "
        f"{100 * found.mean_sd:.2f} points ({percent(low)} to {percent(high)})",
        f"Intervals are {level}: over new problems; of Bayes@N over new samples of these problems.",
        "pass^k: all of k right (G-Pass@k at 1); G-Pass@k: at least that share of k; mG-Pass@k: "
        "its mean over shares from 0.5 to 1.",
    ]
    if found.left_out:
        lines.append(f"{len(found.left_out)} problems have no solution: {some(found.left_out)}")
    return lines
