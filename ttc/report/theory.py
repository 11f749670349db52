"""Premises and gap of verifier-based scaling, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.interval import Interval
from ttc.pipeline.theorising import Theory
from ttc.report.tables import number, percent, table

if TYPE_CHECKING:
    from rich.console import Console


def print_theory(console: Console, found: Theory) -> None:
    """Print what the pool has of the premises, how far selection is ahead, and the didactic."""
    from ttc.report.console import line

    level = f"{100 * found.level:g} %"
    of = f"{found.problems} problems"
    premises = [
        ("heterogeneity: variance of the reward, p (1 - p)", *_three(found.variance), of),
        (
            "heterogeneity: spread of right solutions' lengths",
            *_three(found.spread),
            f"{found.spread_of} problems",
        ),
        (
            f"anti-concentration: share above mean + {found.epsilon:g} sd",
            *_three(found.tail),
            of,
        ),
    ]
    console.print(
        table("Premises (definitions are ours)", ("figure", "mean", level, "of"), premises, (1, 2))
    )
    gaps = [
        (
            gap.of,
            str(gap.problems),
            number(gap.horizon),
            str(gap.solutions),
            percent(gap.verified),
            percent(gap.voted),
            percent(gap.ahead.estimate),
            f"{percent(gap.ahead.low)} to {percent(gap.ahead.high)}",
        )
        for gap in found.gaps
    ]
    heads = ("problems", "number", "tokens", "S", "verifier", "vote", "ahead", level)
    title = "Best of S by a perfect verifier (oracle) against the vote"
    console.print(table(title, heads, gaps, range(1, 8)))
    steps = [
        (
            str(step.horizon),
            str(step.solutions),
            f"{step.predicted:.3f}",
            f"{step.simulated:.3f}",
            f"{step.error:.3f}",
            f"{step.predicted / step.horizon**0.5:.3f}",
        )
        for step in found.didactic
    ]
    columns = ("H", "n", "predicted", "simulated", "error", "/ sqrt(H)")
    title = "Didactic problem (ours): H steps, reward by step, best of n against one"
    console.print(table(title, columns, steps, range(6)))
    if rough := few_problems(found.problems):
        console.print(line(rough, "yellow"))


def _three(one: Interval) -> tuple[str, str]:
    return f"{one.estimate:.3f}", f"{one.low:.3f} to {one.high:.3f}"
