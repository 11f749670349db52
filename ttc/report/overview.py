"""The runs of a folder as a table, and as comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ttc.pipeline.overview import Overview, RunRow
from ttc.recipe.differences import short_names, told
from ttc.report.tables import MOST_ROWS, left_out, number, percent, table

if TYPE_CHECKING:
    from rich.console import Console

_LONGEST = 60  # letters of what differs


def print_overview(console: Console, found: Overview, everything: bool) -> None:
    """Print a row a run, the latest first; where all are not asked for, not too many, and of what
    differs no more than a line or two hold.
    """
    from ttc.report.console import line

    shown = found.runs if everything else found.runs[:MOST_ROWS]
    dollars = any(one.spent.get("usd") for one in shown)
    heads = ("run", "state", "started", "success", "by", "tokens", *(("USD",) if dollars else ()))
    named = Counter(one.run.recipe_name for one in found.runs)
    rows = [
        (*_cells(one, named[one.run.recipe_name] == 1), *((_usd(one),) if dollars else ()))
        for one in shown
    ]
    longest = None if everything else _LONGEST
    differs = [_differs(one.differs, found.keys, longest) for one in shown]
    if any(differs):
        heads = (*heads, "differs in")
        rows = [(*row, said) for row, said in zip(rows, differs, strict=True)]
    made = table(f"Runs in {found.root}", heads, rows, (5, *((6,) if dollars else ())))
    for column in made.columns[: len(heads) - any(differs)]:
        column.no_wrap = True
    console.print(made)
    for text in _beside(found, shown):
        console.print(line(text))


def _cells(one: RunRow, alone: bool) -> tuple[str, ...]:
    """alone: whether its recipe has no other run, so that the recipe's name means it."""
    best = one.best
    return (
        one.run.recipe_name if alone else one.run.name,
        one.state,
        "-" if one.started is None else _when(one.started),
        "-" if best is None else _success(best),
        "-" if best is None else _method(best),
        number(one.spent["tokens"]) if one.spent.get("samples") else "-",
    )


def _beside(found: Overview, shown: Sequence[RunRow]) -> Iterator[str]:
    yield from (f"{one.run.name}: {one.note}" for one in shown if one.note)
    if any(one.best for one in shown):
        yield (
            "Success of the best policy at its most solutions and verifications, METHOD@SxV, with "
            "95 % intervals for new problems; ttc curves RUN has all others."
        )
    if more := left_out(len(found.runs) - len(shown), "ttc runs --all"):
        yield more


def _when(moment: datetime) -> str:
    """The hour of a run of today, the date of others."""
    here = moment.astimezone()
    today = datetime.now().astimezone().date()
    return f"{here:%H:%M}" if here.date() == today else f"{here:%Y-%m-%d}"


def _success(best: Mapping[str, Any]) -> str:
    said, low, high = percent(best["success"]), best["ci_low"], best["ci_high"]
    if low is None or high is None or math.isnan(low):
        return said
    return f"{said} ({100 * low:.1f} to {100 * high:.1f})"


def _method(best: Mapping[str, Any]) -> str:
    """As `ttc contrast` names methods."""
    if best["S"] is None:
        return str(best["policy"])
    return f"{best['policy']}@{best['S']}" + (f"x{best['V']}" if best["V"] else "")


def _usd(one: RunRow) -> str:
    usd = one.spent.get("usd") or 0.0
    return f"{usd:.3g}" if usd else "-"


def _differs(values: Mapping[str, Any], keys: Sequence[str], most: int | None) -> str:
    """`temperature=0.6 prompt=brief`; what is none stays unsaid."""
    names = short_names(keys)
    words = [f"{names[key]}={told(values[key])}" for key in keys if told(values.get(key)) != "-"]
    kept = len(words)
    while most is not None and kept > 1 and sum(map(len, words[:kept])) + kept > most:
        kept -= 1
    hidden = len(words) - kept
    return " ".join([*words[:kept], *([f"+{hidden} more"] if hidden else [])])


def as_csv(found: Overview) -> str:
    """A line a run, with a column for each key that differs; what has several parts is joined."""
    rows = found.flat_rows()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: Any) -> Any:
    return told(value) if isinstance(value, list | dict) else value
