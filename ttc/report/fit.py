"""A scaling fit as terminal tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.fitting import PROCEDURES
from ttc.pipeline.scaling import CoverageOf, Interval, MethodFit, ScalingFit
from ttc.report.names import axis, shown_policy
from ttc.report.tables import number, percent, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_NEVER = "never within the measured range"
_PROCEDURE_NAMES = {
    "grid": "best cells of the grid",
    "spline": "optimum between cells",
    "law": "law of the surface",
}
_GAINS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def print_fit(console: Console, fit: ScalingFit, files: Sequence[Path]) -> None:
    """Print the comparison with self-consistency, exponents, allocations, checks and files."""
    from ttc.report.console import line

    heads = [_heading(method) for method in fit.methods]
    level = f"{100 * fit.request.level:g} %"
    title = f"Against self-consistency: {counted(fit.problems, 'problem')}, {level} intervals"
    console.print(table(title, ("", *heads), _comparison(fit), ()))
    title = f"Growth with compute C ({axis(fit.request.unit)}): S ~ C^a, V ~ C^b"
    console.print(table(title, ("", *heads), _exponents(fit), ()))
    heading = ("budget", "self-consistency", *heads)
    rows = _allocations(fit)
    console.print(table("Best allocation within a budget", heading, rows, (0, 1)))
    for method in fit.methods:
        for said in _checks(method):
            console.print(line(said))
    for one in fit.coverage:
        console.print(line(_coverage(one)))
    for label, figures in fit.differences.items():
        gap = figures["best_success"]
        text = f"best success of {label} minus that of {fit.methods[0].label}: {_points(gap)}"
        console.print(line(text))
    for path in files:
        console.print(line(f"wrote {path}"), soft_wrap=True)


def _heading(method: MethodFit) -> str:
    return shown_policy(method.policy) + method.label.removeprefix(method.policy)


def _comparison(fit: ScalingFit) -> list[tuple[str, ...]]:
    unit = fit.request.unit

    def row(text: str, cell: Callable[[MethodFit], str]) -> tuple[str, ...]:
        return (text, *(cell(method) for method in fit.methods))

    def figure(name: str, shown: Callable[[float], str]) -> Callable[[MethodFit], str]:
        return lambda method: _with_interval(method.figures[name], shown)

    rows = [
        row("lambda", lambda method: f"{method.ratio:.3g}"),
        row("plateau of self-consistency", figure("sc_plateau", percent)),
        row(f"  reached at C [{unit}]", figure("sc_plateau_cost", number)),
        row("compute to match it", lambda method: _match(method.figures["match_multiple"])),
        row("gain in points, at its best", lambda method: _points(method.figures["gain"])),
    ]
    by_multiple = [dict(method.gains) for method in fit.methods]
    for multiple in _GAINS:
        if any(multiple in gains for gains in by_multiple):
            cells = [
                _points(gains[multiple]) if multiple in gains else "-" for gains in by_multiple
            ]
            rows.append((f"  at {multiple}x the plateau's compute", *cells))
    return rows


def _match(one: Interval) -> str:
    if math.isinf(one.estimate):
        low = "" if math.isinf(one.low) else f" (at least {one.low:.3g}x)"
        return _NEVER + low
    high = "never" if math.isinf(one.high) else f"{one.high:.3g}x"
    return f"{one.estimate:.3g}x ({one.low:.3g}x to {high})"


def _exponents(fit: ScalingFit) -> list[tuple[str, ...]]:
    rows = []
    for letter, noun in (("a", "S"), ("b", "V")):
        for procedure in PROCEDURES:
            cells = [
                _with_interval(method.figures[f"{procedure}_{letter}"], _plain)
                for method in fit.methods
            ]
            rows.append((f"{letter} of {noun}, {_PROCEDURE_NAMES[procedure]}", *cells))
    return rows


def _allocations(fit: ScalingFit) -> list[tuple[str, ...]]:
    """Rows of doubling budgets."""
    start = min(float(method.budgets[0]) for method in fit.methods)
    stop = max(float(method.budgets[-1]) for method in fit.methods)
    rows = []
    for budget in start * 2.0 ** np.arange(int(np.log2(stop / start) + 1e-9) + 1):
        at = np.array([budget])
        cells = [_cell(method, budget) for method in fit.methods]
        voted = float(fit.methods[0].analysis.voted.within(at)[0])
        rows.append((number(float(budget)), percent(voted), *cells))
    return rows


def _cell(method: MethodFit, budget: float) -> str:
    best = method.analysis.verified
    place = int(np.searchsorted(best.cost, budget * (1 + 1e-9), side="right")) - 1
    if place < 0:
        return "-"
    return f"{percent(float(best.success[place]))}  S={best.S[place]} V={best.V[place]}"


def _checks(method: MethodFit) -> list[str]:
    law, dearer = method.analysis.surface, method.analysis.dearer
    if law is None:
        return [f"{method.label}: too few cells for a law of the surface"]
    lines = [f"{method.label}: the law of the surface misses its cells by {_rms(law.rmse)}"]
    if dearer is not None:
        lines.append(
            f"  out of sample: fitted up to C = {number(dearer.split)}, it misses the "
            f"{dearer.cells} dearer cells by {_rms(dearer.rmse)}, the best of them by "
            f"{100 * dearer.error:+.1f}; the extrapolated S and V give up {100 * dearer.regret:.1f}"
        )
    return lines


def _coverage(one: CoverageOf) -> str:
    fit = one.fit
    head = f"coverage of {one.run}: exp({_plain(fit.law.a)} k^{_plain(fit.law.b)})"
    if np.isfinite(fit.beta.alpha):
        head += f"; solve rates Beta({fit.beta.alpha:.2f}, {fit.beta.beta:.2f})"
    if fit.check is None:
        return head
    errors = fit.check.errors
    return (
        f"{head}; fitted on {fit.check.fitted} solutions, pass@k up to {fit.pool} is off by "
        f"{_rms(errors['law'].rmse)} and {_rms(errors['beta'].rmse)}"
    )


def _rms(value: float) -> str:
    return f"{100 * value:.2f} points"


def _with_interval(one: Interval, shown: Callable[[float], str]) -> str:
    if math.isnan(one.estimate):
        return "-"
    return f"{shown(one.estimate)} ({shown(one.low)} to {shown(one.high)})"


def _points(one: Interval) -> str:
    if math.isnan(one.estimate):
        return "-"
    return f"{100 * one.estimate:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"


def _plain(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
