"""A scaling fit as terminal tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ttc.analysis.fitting import PROCEDURES
from ttc.analysis.residuals import split_residuals
from ttc.pipeline.scaling import CoverageOf, Interval, MethodFit, ScalingFit
from ttc.pipeline.scaling.at_budgets import AtBudget, Bought
from ttc.pipeline.scaling.growth import Exponent, edges
from ttc.report.names import axis, shown_policy
from ttc.report.tables import number, percent, points_with, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_NEVER = "never within the measured range"
_RISES = "not reached within the pool"
_PROCEDURE_NAMES = {
    "grid": "best cells of the grid, like the paper's",
    "spline": "optimum between cells",
    "law": "law of the surface",
}


def print_fit(console: Console, fit: ScalingFit, files: Sequence[Path]) -> None:
    """Print the comparison with self-consistency, allocations, exponents, checks and files."""
    from ttc.report.console import line

    heads = [_heading(method) for method in fit.methods]
    unit = axis(fit.unit)
    level = f"{100 * fit.request.level:g} %"
    about = f"{counted(fit.problems, 'problem')}, {level} intervals for new problems"
    if fit.request.cluster:
        about += f" ({counted(fit.units, 'cluster')} by {fit.request.cluster})"
    title = f"Against self-consistency at equal compute ({unit}): {about}"
    console.print(table(title, ("", *heads), _comparison(fit), ()))
    title = f"Within a budget ({unit} per problem): best S and V, and the gain over voting"
    runs = list(dict.fromkeys(method.run for method in fit.methods))
    votes = [
        f"self-consistency {fit.called(run)}" if len(runs) > 1 else "self-consistency"
        for run in runs
    ]
    heading = ("budget", *votes, *heads)
    console.print(table(title, heading, _allocations(fit), (0,)))
    console.print(
        line(
            "Success is out of bag for the best S and V: each resample of the problems chooses its "
            "own, which are tried on the other problems (ttc show has single cells on all of them; "
            "ttc compare lets the policy be chosen, too, and takes more off for it). Intervals of "
            f"gains hold together, {level} for all."
        )
    )
    drawn = "the first" if fit.request.scoring.get("verification_draws") == "first" else "random"
    console.print(line(f"S and V are powers of two; V: {drawn} verifications of a solution."))
    title = f"To plan for other budgets, as compute C grows ({unit}): S ~ C^a, V ~ C^b"
    console.print(table(title, ("", *heads), _exponents(fit), ()))
    for head, method in zip(heads, fit.methods, strict=True):
        if grown := _ten_times(method):
            console.print(line(f"{head}: {grown}"))
    for said in (fit.warning, *(said for method in fit.methods for said in _checks(method))):
        if said:
            console.print(line(said))
    for one in fit.coverage:
        console.print(line(_coverage(one, fit.called(one.run))))
    for label, figures in fit.differences.items():
        gap = figures["best_success"]
        text = f"best success of {label} minus that of {fit.methods[0].label}: {_points(gap)}"
        console.print(line(text))
    if len(runs) > 1:
        console.print(
            line(
                "Each column's gain is over the vote of its own run; ttc compare says which run is "
                "better, paired over problems"
            )
        )
    for path in files:
        console.print(line(f"wrote {path}"), soft_wrap=True)


def _heading(method: MethodFit) -> str:
    return shown_policy(method.policy) + method.label.removeprefix(method.policy)


def _comparison(fit: ScalingFit) -> list[tuple[str, ...]]:
    def row(text: str, cell: Callable[[MethodFit], str]) -> tuple[str, ...]:
        return (text, *(cell(method) for method in fit.methods))

    def figure(name: str, shown: Callable[[float], str]) -> Callable[[MethodFit], str]:
        return lambda method: _with_interval(method.figures[name], shown)

    unit = axis(fit.unit)
    rows = [row(f"verification is ahead from [{unit}]", lambda m: _ahead(m.figures["crossover"]))]
    if any(method.in_c for method in fit.methods):
        rows.append(
            row(
                "  the same in C = S (1 + lambda V)",
                lambda m: _ahead(m.in_c["crossover"]) if m.in_c else "-",
            )
        )
    rows += [
        row("best success of voting", figure("sc_plateau", percent)),
        row("best success with verification", figure("best_success", percent)),
        row("  gain in points", lambda m: _of_plateau(m, _points(m.figures["gain"]))),
        row("compute to match voting's plateau", _match),
        row("lambda", lambda method: f"{method.ratio:.3g}"),
    ]
    return rows


def _ahead(one: Interval) -> str:
    if math.isinf(one.estimate):
        low = "" if not math.isfinite(one.low) else f" (at least {number(one.low)})"
        return _NEVER + low
    high = "never" if math.isinf(one.high) else number(one.high)
    return f"{number(one.estimate)} ({number(one.low)} to {high})"


def _of_plateau(method: MethodFit, text: str) -> str:
    return f"{_RISES}: voting still rises" if method.setting.rising else text


def _match(method: MethodFit) -> str:
    one = method.figures["match_multiple"]
    if math.isnan(one.estimate):
        return _of_plateau(method, "-")
    if math.isinf(one.estimate):
        return _NEVER
    return _of_plateau(method, times(one))


def times(one: Interval) -> str:
    """`0.71 times the vote's (0.15 to 1.2)`: below 1 is cheaper, of the interval's ends as well."""
    if math.isnan(one.low):
        span = "no interval: few problems tell"
    else:
        span = f"{one.low:.2g} to {'never' if math.isinf(one.high) else f'{one.high:.2g}'}"
    return f"{one.estimate:.2g} times the vote's ({span})"


def _exponents(fit: ScalingFit) -> list[tuple[str, ...]]:
    rows = []
    for place, (letter, noun) in enumerate((("a", "S"), ("b", "V"))):
        growth = [method.growth[place] for method in fit.methods]
        rows.append((f"{letter} of {noun}, recommended", *(_recommended(one) for one in growth)))
        if all(one.refused for one in growth):
            continue
        spread = ["-" if one.refused else f"{one.low:.2f} to {one.high:.2f}" for one in growth]
        rows.append(("  range over procedures and units of compute", *spread))
        for procedure in PROCEDURES:
            cells = [
                "-"
                if one.refused
                else _with_interval(method.figures[f"{procedure}_{letter}"], _plain)
                for method, one in zip(fit.methods, growth, strict=True)
            ]
            rows.append((f"  {_PROCEDURE_NAMES[procedure]}", *cells))
    return rows


def _ten_times(method: MethodFit) -> str:
    """What the recommended exponents say in numbers; nothing where there are none."""
    told = [
        f"{10**one.value.estimate:.2g} times the {noun}"
        for one, noun in zip(method.growth, ("solutions", "verifications of each"), strict=True)
        if not one.refused and math.isfinite(one.value.estimate)
    ]
    if not told:
        return ""
    return f"within the range, 10 times the compute is best spent on {' and '.join(told)}"


def _recommended(one: Exponent) -> str:
    return f"none: {one.refused}" if one.refused else _with_interval(one.value, _plain)


def _allocations(fit: ScalingFit) -> list[tuple[str, ...]]:
    """Rows of the budgets at which gains are stated."""
    firsts = {method.run: method for method in reversed(fit.methods)}
    rows = []
    for place, told in enumerate(fit.methods[0].at):
        votes = [_bought(firsts[run].at[place].voted) for run in reversed(firsts)]
        cells = [_cell(method.at[place]) for method in fit.methods]
        rows.append((number(told.budget), *votes, *cells))
    return rows


def _cell(one: AtBudget) -> str:
    if not one.verified.S:
        return "-"
    gain = "" if math.isnan(one.gain.estimate) else f": {_points(one.gain)}"
    return _bought(one.verified) + gain


def _bought(one: Bought) -> str:
    if not one.S:
        return "-"
    size = f"S={one.S}" + (f" V={one.V}" if one.V else "")
    return f"{percent(one.success.estimate)} {size}"


def _checks(method: MethodFit) -> list[str]:
    lines = []
    setting = method.setting
    if method.setting.rising:
        lines.append(
            f"{method.label}: voting still rises at S = {setting.S[-1]}, so it has no plateau in "
            "this pool, and nothing is said of more compute than that; sample more solutions"
        )
    judged = setting.S[~np.isnan(method.surface).all(axis=1)]
    said = edges(method.analysis, int(judged[-1]), int(setting.V[-1]))
    lines += [f"{method.label}: {said}"] if said else []
    law, dearer = method.analysis.surface, method.analysis.dearer
    if law is None:
        return [*lines, f"{method.label}: too few cells for a law of the surface"]
    if method.depends.both.flat:
        return lines
    lines.append(f"{method.label}: the law of the surface misses its cells by {_rms(law.rmse)}")
    lines += _residuals(method)
    if dearer is not None:
        lines.append(
            f"  out of sample: fitted up to a cost of {number(dearer.split)}, it misses the "
            f"{dearer.cells} dearer cells by {_rms(dearer.rmse)}, the best of them by "
            f"{100 * dearer.error:+.1f}; the extrapolated S and V give up {100 * dearer.regret:.1f}"
        )
    return lines


def _residuals(method: MethodFit) -> list[str]:
    """Whether what the law misses above and below zero holds together (arXiv 2509.13262)."""
    law, setting = method.analysis.surface, method.setting
    known = ~np.isnan(method.surface) & (setting.S > 1)[:, None]
    if law is None or not known.any():
        return []
    said = np.asarray(law(setting.S[:, None], setting.V[None, :]))
    found = split_residuals(method.surface[known], said[known])
    return [
        f"  residuals: {_rms(found.up)} above and {_rms(found.down)} below on average, "
        f"{found.above:.0%} of cells above; the two disagree by {_rms(found.inconsistency)}"
    ]


def _coverage(one: CoverageOf, name: str) -> str:
    fit = one.fit
    if not np.isfinite(fit.law.a):
        return f"coverage of {name}: no problem is solved"
    head = f"coverage of {name}: exp({_plain(fit.law.a)} k^{_plain(fit.law.b)})"
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
    if math.isnan(one.low):
        return f"{shown(one.estimate)} (no interval)"
    return f"{shown(one.estimate)} ({shown(one.low)} to {shown(one.high)})"


def _points(one: Interval) -> str:
    return points_with(one.estimate, one.low, one.high)


def _plain(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"
