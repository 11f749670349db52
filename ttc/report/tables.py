"""Terminal tables and figures in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 10
"""So many rows a person reads; a table has no more where nobody asked for all (`--all`)."""
Row = TypeVar("Row")


def table(
    title: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    numeric: Iterable[int] = (),
) -> Table:
    """A Rich table. Cells are lines of plain text: what a model's output asks for is shown, and
    never obeyed.
    """
    from rich import box
    from rich.table import Table

    from ttc.report.console import line

    made = Table(title=line(title), box=box.SIMPLE_HEAD, title_justify="left")
    right = set(numeric)
    for i, heading in enumerate(headings):
        made.add_column(line(heading), justify="right" if i in right else "left")
    for row in rows:
        made.add_row(*(line(str(cell)) for cell in row))
    return made


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The same as Markdown; of a cell that has a bar, the bar is a slash."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(c.replace('|', '/') for c in cells)} |" for cells in lines)


def best_of_each(
    rows: Sequence[Row],
    group: Callable[[Row], Hashable],
    merit: Callable[[Row], Any],
    most: int = MOST_ROWS,
) -> list[Row]:
    """As many rows as a person reads, in their order: of each group its best, as many of each.

    A row at least of each group, so that nothing is hidden whole.
    """
    if len(rows) <= most:
        return list(rows)
    groups: dict[Hashable, list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(group(row), []).append(place)
    each = max(1, most // len(groups))
    kept: set[int] = set()
    for places in groups.values():
        kept |= set(sorted(places, key=lambda place: merit(rows[place]), reverse=True)[:each])
    return [row for place, row in enumerate(rows) if place in kept]


def left_out(count: int, command: str = "--all") -> str:
    """How to see rows that a short table has no room for; empty where it has all."""
    return f"{count:,} more row{'' if count == 1 else 's'}: {command}" if count else ""


def percent(value: float) -> str:
    """A probability as a percentage; a dash where there is none."""
    return "-" if math.isnan(value) else f"{100 * value:z.1f} %"


def number(value: float) -> str:
    """Three significant digits with k, M, G, T and on; a dash where there is none."""
    if math.isnan(value):
        return "-"
    for unit in ("", "k", "M", "G", "T", "P"):
        if abs(value) < 999.5:
            return f"{value:.3g}{unit}"
        value /= 1000
    return f"{value:.3g}E"


def percent_with(value: float, low: float | None, high: float | None) -> str:
    """A share in percent with its interval, `60.0 % (55.0 to 65.0)`, where known."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return percent(value)
    return f"{percent(value)} ({100 * low:z.1f} to {100 * high:z.1f})"


def points_with(estimate: float, low: float, high: float) -> str:
    """A difference of shares in points with its interval, `+2.7 (-6.3 to +12.2)`, or `-`."""
    if math.isnan(estimate):
        return "-"
    low, high = 100 * low + 0.0, 100 * high + 0.0  # no -0.0
    return f"{100 * estimate:+.1f} ({low:+.1f} to {high:+.1f})"
