"""A recommendation in words and a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.pipeline.scaling.allocations import Allocation
from ttc.pipeline.scaling.recommending import Recommendation
from ttc.report.names import axis, shown_policy
from ttc.report.tables import number, percent, table

if TYPE_CHECKING:
    from rich.console import Console


def print_recommendation(console: Console, found: Recommendation, level: float) -> None:
    """Print what to do at one budget, what else was near, and how sure that is."""
    from ttc.report.console import line

    rows = [_row(found.best, "-")]
    for rival in found.rivals:
        gap = rival.behind
        behind = f"{100 * gap.estimate:+.1f} ({100 * gap.low:+.1f} to {100 * gap.high:+.1f})"
        rows.append(_row(rival.allocation, behind))
    title = f"Within {number(found.budget)} a problem ({axis(found.unit)}): {_said(found.best)}"
    span = f"{100 * level:g} % interval"
    headings = ("method", "S", "V", "costs", "success", span, "against the first, points")
    console.print(table(title, headings, rows, (1, 2, 3, 4)))
    said = (
        f"Expected on new problems: {percent(found.best.success.estimate)}. The same method is "
        f"best in {found.confidence:.0%} of resampled problem sets. Success is out of bag: of the "
        "choice, on problems that it was not made by."
    )
    console.print(line(said))
    if found.warning:
        console.print(line(found.warning))
    if found.beyond is not None:
        one = found.beyond
        said = (
            f"The budget buys more than the pool has. By the law of its surface, which nothing "
            f"measured confirms out there: {shown_policy(one.policy)} ({one.verifier}) with "
            f"S = {one.S:.0f}, V = {one.V:.0f}: {percent(one.success)}."
        )
        console.print(line(said))


def _said(one: Allocation) -> str:
    if one.S == 1 and not one.V:
        return "one solution"
    if not one.V:
        return f"{shown_policy(one.policy)} of {one.S} solutions"
    return f"{shown_policy(one.policy)} of {one.S} solutions, each verified {one.V}x"


def _row(one: Allocation, behind: str) -> tuple[object, ...]:
    name = shown_policy(one.policy) + (f" ({one.verifier})" if one.verifier else "")
    success = one.success
    span = f"{percent(success.low)} to {percent(success.high)}"
    return name, one.S, one.V, number(one.cost), percent(success.estimate), span, behind
