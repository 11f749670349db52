"""A sweep on a terminal: its plan, how it goes on, and what came of it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from shlex import join
from typing import TYPE_CHECKING, Any

from ttc.report.plan import duration, money
from ttc.report.progress import warnings_shown
from ttc.report.tables import MOST_ROWS, left_out, number, percent, table
from ttc.terminal import say
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

    from ttc.cells.sweep.planning import Cost, SweepPlan
    from ttc.cells.sweep.running import Ended
    from ttc.pipeline.planning.forecast import Range
    from ttc.store.sweeps import CellState

_HEADINGS = ("cell", "stands", "tokens", "FLOPs", "USD", "time")


def print_sweep_plan(console: Console, plan: SweepPlan, everything: bool) -> None:
    """Print how many cells there are, which are complete already, and what the others will use."""
    from ttc.report.console import line

    sweep = plan.sweep
    cells = counted(len(plan.complete), "cell")
    done = sum(plan.complete)
    title = f"Sweep {sweep.state.name}: {cells}, {done} complete, {len(plan.to_do)} to do"
    rows = [
        (cell.name, "complete" if there else state.status, *_figures(plan, cell.alike, there))
        for cell, state, there in zip(
            sweep.cells.cells, sweep.state.cells, plan.complete, strict=True
        )
    ]
    shown = rows if everything else rows[:MOST_ROWS]
    total = ("all that is to do", "", *_amounts(*(plan.total(u) for u in _UNITS)), "")
    console.print(table(title, _HEADINGS, [*shown, total], range(2, 6)))
    for said in _beside(plan, len(rows) - len(shown)):
        console.print(line(said))


_UNITS = ("tokens", "flops", "usd")


def _figures(plan: SweepPlan, alike: str, complete: bool) -> tuple[str, ...]:
    if complete:
        return ("", "", "", "")
    cost: Cost = plan.costs[alike]
    return (*_amounts(*(cost.amount(unit) for unit in _UNITS)), duration(cost.seconds))


def _amounts(tokens: Range, flops: Range, usd: Range) -> tuple[str, ...]:
    return (_amount(tokens, number), _amount(flops, number), _amount(usd, money))


def _amount(amount: Range, shown: Callable[[float], str]) -> str:
    """What is expected, else the most, else a dash."""
    if not math.isnan(amount.expected):
        return shown(amount.expected)
    return "-" if math.isnan(amount.most) else f"<= {shown(amount.most)}"


def _beside(plan: SweepPlan, hidden: int) -> Iterator[str]:
    if hidden:
        yield left_out(hidden)
    twice = plan.sweep.cells.twice
    if twice:
        named = ", ".join(twice[:MOST_ROWS]) + (", ..." if len(twice) > MOST_ROWS else "")
        yield (
            f"{counted(len(twice), 'cell')} counted once, being the same run as an earlier one: "
            f"{named}"
        )
    if failed := len(plan.sweep.state.failed()):
        yield f"{counted(failed, 'cell')} failed before and will be done again"
    if plan.sweep.left:
        yield (
            f"{counted(plan.sweep.left, 'cell')} of this name before {_are(plan.sweep.left)} no "
            "longer in it; their runs stay"
        )
    if plan.gone:
        yield (
            f"{counted(plan.gone, 'cell')} complete before: their recipe or its files have changed "
            "since, or their runs have gone"
        )
    for why in dict.fromkeys(cost.why for cost in plan.costs.values() if cost.why):
        yield f"can't be planned, and will fail unless it is mended: {why}"
    if plan.to_do:
        yield "Samples that cells share are bought once; the sum counts them for each cell."
    measured = dict.fromkeys(cost.lengths for cost in plan.costs.values() if cost.lengths)
    if measured:
        yield f"lengths as measured on {', '.join(measured)}"
    if any(math.isnan(cost.amount("tokens").expected) for cost in plan.costs.values()):
        yield "<=: if every completion had max_tokens; --like RUN takes the lengths of a run"


def _are(many: int) -> str:
    return "is" if many == 1 else "are"


@contextmanager
def show_sweep(total: int, jobs: int, *, plain: bool) -> Iterator[Callable[[Ended], None]]:
    """What to call as cells end: shows on standard error how far the sweep is until the block ends.

    A live line where that is a terminal, with a line for each failure above it; else a line a cell.
    """
    with warnings_shown():
        if plain or not sys.stderr.isatty():
            yield lambda ended: say(_line(ended, total), error=True)
        else:
            with _live(total, jobs) as told:
                yield told


@contextmanager
def _live(total: int, jobs: int) -> Iterator[Callable[[Ended], None]]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    from ttc.report.console import Console, line

    columns = (
        SpinnerColumn(),
        TextColumn("cells", markup=False),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(_counts(0, 0, total, jobs), total=total)

        def told(ended: Ended) -> None:
            if not ended.done.ok:
                bar.console.print(line(_line(ended, total), "red"))
            counts = _counts(ended.number, ended.failed, total, jobs)
            bar.update(task, description=counts, completed=ended.number)

        yield told


def _counts(ended: int, failed: int, total: int, jobs: int) -> str:
    running = min(jobs or total, total - ended)
    under_way = f", {running} running" if running else ""
    return f"{ended - failed} of {total} done, {failed} failed{under_way}"


def _line(ended: Ended, total: int) -> str:
    done = ended.done
    if not done.ok:
        what = f"failed: {' '.join(done.words.split())}"
    else:
        facts = done.facts or {}
        what = str(facts.get("status", "complete"))
    return f"[{ended.number}/{total}] {ended.cell.name}: {what}"


def print_sweep(
    console: Console,
    rows: Sequence[Mapping[str, Any]],
    failed: Sequence[CellState],
    results: str,
    everything: bool,
) -> None:
    """Print the cells by success, the best first, then those that failed, with their words and the
    commands that repeat them alone.
    """
    from ttc.report.console import line

    done = [row for row in rows if row["status"] == "complete"]
    done.sort(key=lambda row: -(row["success"] or 0.0))
    shown = done if everything else done[:MOST_ROWS]
    if shown:
        headings = ("cell", "success", "95 %", "by", "tokens")
        console.print(table("Cells", headings, map(_result, shown), (1, 4)))
        if more := left_out(len(done) - len(shown)):
            console.print(line(more))
    if failed:
        told = failed if everything else failed[:MOST_ROWS]
        cells = [(one.name, one.code, one.words) for one in told]
        console.print(table(f"Failed: {len(failed)}", ("cell", "code", "words"), cells, (1,)))
        console.print(line("Each alone:"))
        for one in told:
            # Whole lines, to be copied: a console would break them.
            say(f"  {join(one.alone(results))}")
        if more := left_out(len(failed) - len(told)):
            console.print(line(more))


def _result(row: Mapping[str, Any]) -> tuple[str, ...]:
    if row["success"] is None:
        return (row["name"], "-", "", "", number(row["tokens"] or math.nan))
    size = "" if row["S"] is None else f"@{row['S']}" + (f"x{row['V']}" if row["V"] else "")
    low, high = (row[end] for end in ("ci_low", "ci_high"))
    known = not any(end is None or math.isnan(end) for end in (low, high))
    interval = f"{percent(low)} to {percent(high)}" if known else "-"
    tokens = math.nan if row["tokens"] is None else row["tokens"]
    by = f"{row['policy']}{size}"
    return (row["name"], percent(row["success"]), interval, by, number(tokens))
