"""Contrasts of methods as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.scaling.allocations import Allocation
from ttc.pipeline.scaling.contrasting import Contrasts
from ttc.report.names import axis, shown_policy
from ttc.report.tables import number, percent, table
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_UNEQUAL = 1.1


def print_contrasts(console: Console, found: Contrasts) -> None:
    """Print each contrast, and what its p value is."""
    from ttc.report.console import line

    level = f"{100 * found.level:g} %"
    title = (
        f"Methods compared ({axis(found.unit)} per problem): {counted(found.problems, 'problem')}"
    )
    heads = ("budget", "first", "second", "difference in points", "p", "p (Holm)")
    rows = []
    for one in found.rows:
        gap = one.difference
        span = f"{100 * gap.estimate:+.1f} ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})"
        budget = "-" if one.budget is None else number(one.budget)
        sides = _side(one.first), _side(one.second)
        rows.append((budget, *sides, span, _p(one.p), _p(one.p_holm)))
    console.print(table(title, heads, rows, (0, 4, 5)))
    units = "problems" if found.units == found.problems else counted(found.units, "cluster")
    said = (
        f"Success is out of bag where S and V were chosen. {level} intervals for new problems; p: "
        f"paired t test over {units}, of the cells shown"
    )
    if len(found.rows) > 1:
        said += f", adjusted for {len(found.rows)} comparisons"
    console.print(line(said + "."))
    for one in found.rows:
        low, high = sorted((one.first.cost, one.second.cost))
        beyond = one.budget is not None and high > one.budget * (1 + 1e-9)
        if beyond or (one.budget is None and high > _UNEQUAL * low):
            console.print(
                line(
                    f"Not at equal compute: {number(one.first.cost)} against "
                    f"{number(one.second.cost)}; methods without sizes are compared within --budget"
                )
            )
    if rough := few_problems(found.units):
        console.print(line(rough))


def _side(side: Allocation) -> str:
    name = shown_policy(side.policy) + (f" ({side.verifier})" if side.verifier else "")
    size = f"S={side.S}" + (f" V={side.V}" if side.V else "")
    return f"{name} {size}: {percent(side.success.estimate)} at {number(side.cost)}"


def _p(value: float) -> str:
    if value != value:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
