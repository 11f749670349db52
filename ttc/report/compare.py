"""A comparison as a table of about ten lines, as Markdown, and as files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ttc.analysis.intervals import few_problems
from ttc.pipeline.comparing import Comparison, Flip, Overtakes, Point
from ttc.pipeline.comparing.gate import GateResult
from ttc.pipeline.interval import Interval
from ttc.report.compare_figure import comparison_figures
from ttc.report.drawing import write_figures
from ttc.report.names import axis, shown_policy
from ttc.report.tables import markdown, number, percent, points_with, table
from ttc.store.atomic import write_text
from ttc.store.tables import write_table
from ttc.terminal import dump_json
from ttc.words import counted

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 3  # budgets where none were asked for
_LINES = 12
_NAMED = 4  # rows of each verdict that a sentence names
_FLIPS = 5  # problems of each kind, unless all are wanted
_MARK = "*"

Place = tuple[float | None, int | None]
"""A budget, or S."""


def print_comparison(
    console: Console, found: Comparison, everything: bool = False, flips: bool = False
) -> None:
    """Print what is equal, a table for each budget with the best methods first, and who overtakes
    whom; for gates alone, what each compares instead. everything: all rows; flips: problems that
    only one side solves.
    """
    from ttc.report.console import line

    for text in opening(found):
        console.print(line(text))
    if not found.gates or found.asked or everything:
        _print_rows(console, found, everything)
    if flips:
        _print_flips(console, found, everything)
    for one in found.gates:
        _print_gate(console, found, one)
    if other := other_rows(found):
        console.print(line(other))


def _print_rows(console: Console, found: Comparison, everything: bool) -> None:
    from ttc.report.console import line

    places = _places(found)
    most = 10**9 if everything else max(2, _LINES // len(places))
    hidden = False
    for place in places:
        points = points_at(found, place)
        shown = best_of(points, found.baseline, most)
        hidden |= len(shown) < len(points)
        cells = [_short_row(point) for point in shown]
        made = table(_title(found, place, found.baseline), _HEADS, cells, (2, 3, 4, 5, 6))
        for column in made.columns[2:]:
            column.no_wrap = True
        console.print(made)
        for text in lacking(found, points):
            console.print(line(text))
    named = {
        point.method for place in places for point in best_of(points_at(found, place), "", most)
    }
    for text in (*overtaking(found, named), *closing(found)):
        console.print(line(text))
    if hidden:
        console.print(line(f"the best of {len(found.methods)} rows are shown; all of them: --all"))


def _print_gate(console: Console, found: Comparison, one: GateResult) -> None:
    """Both sides at the gate's own place, and how it went."""
    from ttc.report.console import line

    if one.points:
        first = one.points[0]
        title = _title(found, (first.budget, first.samples), one.base)
        rows = [_short_row(point)[:5] for point in one.points]
        console.print(table(title, _HEADS[:5], rows, (2, 3, 4)))
    console.print(line(gate_line(one)))


def other_rows(found: Comparison) -> str:
    """What else a row could be; nothing where that is the same."""
    if found.gates and not found.asked:
        return ""
    if found.judged:
        return "--by verifier: each vote and verifier a row"
    if found.by == "verifier" and found.recipes > 1:
        return "--by recipe: each run a row, with whatever it does best"
    return ""


def opening(found: Comparison) -> Iterator[str]:
    """What is equal in all recipes, and what differs beside what rows are named by."""
    if found.equal and found.recipes > 1:
        yield f"Equal in all: {', '.join(found.equal.values())}"
    if found.also:
        listed = list(found.also)
        more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
        yield f"Also differ: {', '.join(listed[:8])}{more}"
    yield from found.notes


def _places(found: Comparison) -> list[Place]:
    """Of stated places all; of a ladder a few."""
    if found.stated:
        return [*((b, None) for b in found.budgets), *((None, s) for s in found.samples)]
    return [(b, None) for b in few_budgets(found)]


def few_budgets(found: Comparison) -> tuple[float, ...]:
    """A small, a middling and the largest budget, at which most methods can be bought."""
    there = {limit: sum(p.budget == limit for p in found.points) for limit in found.budgets}
    full = [limit for limit, n in there.items() if n == max(there.values())] or list(there)
    if len(full) <= _SHOWN:
        return tuple(full)
    return full[0], full[len(full) // 2], full[-1]


def points_at(found: Comparison, place: Place) -> list[Point]:
    """What is there at a place, the best first."""
    points = [one for one in found.points if (one.budget, one.samples) == place]
    return sorted(points, key=lambda one: -one.success.estimate)


def verdicts(found: Comparison) -> str:
    """A sentence on how rows stand at the last place; empty where nothing is compared there."""
    places = _places(found)
    points = points_at(found, places[-1]) if places else []
    others = [one for one in points if one.ahead is not None]
    if not others:
        return ""
    budget, samples = places[-1]
    where = (
        f"At S = {samples}"
        if budget is None
        else (f"Within {number(budget)} per problem, {axis(found.unit)}")
    )
    parts = []
    for verdict, words in (
        ("better", "better than"), ("worse", "worse than"), ("undecided", "undecided against"),
    ):  # fmt: skip
        own = [one for one in others if one.verdict == verdict]
        if own:
            names = [f"{one.method} ({_points(one.ahead)})" for one in own if one.ahead][:_NAMED]
            more = f" and {len(own) - len(names)} more" if len(own) > len(names) else ""
            parts.append(f"{words} {found.baseline}: {', '.join(names)}{more}")
    return f"{where}, {'; '.join(parts)}."


def _points(one: Interval) -> str:
    low, high = (100 * end + 0.0 for end in (one.low, one.high))
    return f"{100 * one.estimate:+.1f} points, {low:+.1f} to {high:+.1f}"


def lacking(found: Comparison, points: Sequence[Point]) -> Iterator[str]:
    """Rows that have nothing at a place, and where nothing can be compared."""
    there = {point.method for point in points}
    absent = [name for name in found.methods if name not in there]
    if absent:
        rest = ", so nothing is compared" if found.baseline in absent else ""
        yield f"nothing there of {', '.join(absent)}{rest}"


def best_of(points: Sequence[Point], baseline: str, most: int) -> list[Point]:
    """The best, and the baseline wherever it stands."""
    kept = [one for one in points if one.method == baseline]
    others = [one for one in points if one.method != baseline][: most - len(kept)]
    return [one for one in points if one in kept or one in others]


def _title(found: Comparison, place: Place, baseline: str) -> str:
    budget, samples = place
    where = (
        f"At S = {samples}, whatever it costs"
        if budget is None
        else f"Within {number(budget)} per problem ({axis(found.unit)})"
    )
    units = "" if found.units == found.problems else f" in {counted(found.units, 'cluster')}"
    return f"{where}, {found.problems} problems{units}; baseline: {baseline}"


_HEADS = (
    *("method", "takes", "compute", "success", "difference", "p", "finds", "verdict", "flips"),
)


def _short_row(point: Point) -> tuple[str, ...]:
    cost = number(point.cost) + (_MARK if point.short else "")
    return (
        point.method,
        takes(point),
        cost,
        percent(point.success.estimate),
        _gap(point.ahead),
        p_value(point.p_flips),
        "-" if math.isnan(point.detectable) else f"{100 * point.detectable:.1f}",
        point.verdict or "-",
        "-" if point.ahead is None else f"+{point.won} -{point.lost}",
    )


def takes(point: Point) -> str:
    """`weighted majority 16x2`: the policy with S, and V where there are any."""
    policy, s, v = (point.row[name] for name in ("policy", "S", "V"))
    if s is None:
        return "its answer"
    if policy in ("first", "majority"):
        return "one solution" if s == 1 else f"vote of {s}"
    return f"{shown_policy(policy)} {s}" + (f"x{v}" if v else "")


_LONG_HEADS = (
    *("method", "chooses by", "S", "V", "compute", "calls", "success", "difference"),
    *("p", "p (signs)", "finds", "verdict", "flips"),
)


def _long_row(point: Point) -> tuple[str, ...]:
    row, success = point.row, point.success
    span = f"{percent(success.estimate)} ({100 * success.low:.1f} to {100 * success.high:.1f})"
    short = _short_row(point)
    size, depth = str(row["S"] or "-"), str(row["V"] or "-")
    calls, policy = number(float(row["calls"])), shown_policy(row["policy"])
    tests = (p_value(point.p), *short[5:])
    return point.method, policy, size, depth, short[2], calls, span, short[4], *tests


def _gap(ahead: Interval | None) -> str:
    if ahead is None:
        return "-"
    return points_with(ahead.estimate, ahead.low, ahead.high)


def p_value(value: float) -> str:
    """A p value in a table."""
    return "-" if math.isnan(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"


def overtaking(found: Comparison, named: set[str]) -> Iterator[str]:
    """From which budgets on methods stay ahead of the baseline, or it of them."""
    open_: list[str] = []
    for name, one in found.overtakes.items():
        if name in named:
            text = _overtakes(name, found.baseline, one)
            if text:
                yield text
            else:
                open_.append(name)
    if open_:
        span = f"{number(found.ladder[0])} to {number(found.ladder[-1])}"
        yield (
            f"who overtakes whom for good is undecided within {span}, since no lead is sure up to "
            f"the largest budget (a verdict above is about its own budget): {', '.join(open_)}"
        )


def _overtakes(name: str, baseline: str, one: Overtakes) -> str:
    """One sentence; none where neither is surely ahead up to the last budget."""
    for side, who, whom in ((one.ahead, name, baseline), (one.behind, baseline, name)):
        if math.isinf(side.estimate) or (math.isinf(side.high) and side.low <= one.first):
            continue
        if side.high <= one.first:
            return (
                f"{who} is ahead of {whom} at every budget that buys both, from {number(side.high)}"
            )
        never = f"never surely within {number(one.last)}"
        end = never if math.isinf(side.high) else number(side.high)
        return f"{who} overtakes {whom} at {number(side.estimate)} ({number(side.low)} to {end})"
    return ""


def closing(found: Comparison) -> Iterator[str]:
    """What the figures are."""
    if len(found.methods) == 1:
        yield (
            f"{found.baseline} is the only row: name another run, or --by policy for this one's "
            "policies"
        )
        return
    level = f"{100 * found.level:g} %"
    units = "problems" if found.units == found.problems else "clusters"
    over = "all that is stated" if found.stated else "each budget"
    yield (
        "Success is out of bag, as policy, S and V were chosen on these problems. "
        f"{level} intervals for new problems; p: permutation test (signs of {units}), adjusted "
        f"(Holm) for the {counted(found.together, 'comparison')} of {over}; better or worse: the "
        "interval, this test and the paired t test agree; finds: the difference in points that "
        f"so many {units} show with 80 % power; flips: problems that only it (+) or only the "
        "baseline (-) solves."
    )
    if any(point.short for point in found.points):
        yield (
            f"{_MARK} its samples end there, and more of them would still have helped: not its "
            "best within this budget"
        )
    if rough := few_problems(found.units):
        yield rough


def _print_flips(console: Console, found: Comparison, everything: bool) -> None:
    from ttc.report.console import line

    most = 10**9 if everything else _FLIPS
    for name in dict.fromkeys(one.method for one in found.flips):
        own = [one for one in found.flips if one.method == name]
        for won in (True, False):
            these = [one for one in own if one.won is won]
            for text in flip_lines(these, won, most):
                console.print(line(text), soft_wrap=True)
    if not found.flips:
        console.print(line("no problem flipped"))


def flip_lines(flips: Sequence[Flip], won: bool, most: int) -> Iterator[str]:
    """Problems of one method that flipped one way, with the commands that show both sides."""
    if not flips:
        return
    first = flips[0]
    where = f"S = {first.samples}" if first.budget is None else number(first.budget)
    right, wrong = (first.method, first.baseline) if won else (first.baseline, first.method)
    yield f"right in {right}, wrong in {wrong} at {where}: {counted(len(flips), 'problem')}"
    for one in flips[:most]:
        before, after = one.commands()
        yield f"  {one.problem}: {percent(one.before)} -> {percent(one.after)}"
        yield f"    {before}"
        yield f"    {after}"
    if len(flips) > most:
        yield f"  ... and {len(flips) - most} more (--all)"


def gate_line(one: GateResult) -> str:
    """How a gate went."""
    told = one.why or f"difference in points {_gap(one.difference)}"
    return f"gate {one.outcome}: {one.subject}, `{one.gate}`: {told}"


def write_comparison(found: Comparison, folder: Path) -> list[Path]:
    """`comparison.parquet` with every point, `flips.parquet`, both in `comparison.json`, the tables
    as Markdown, and the figures; returns what was written.

    Raises `TtcError` where they can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "comparison.parquet", "comparison", found.rows())
    write_table(folder / "flips.parquet", "flips", [one.as_row() for one in found.flips])
    write_text(folder / "comparison.json", dump_json(found.as_dict()) + "\n")
    write_text(folder / "comparison.md", _as_markdown(found))
    figures = write_figures(comparison_figures(found), folder)
    names = ("comparison.parquet", "flips.parquet", "comparison.json", "comparison.md")
    return [*(folder / name for name in names), *figures]


def _as_markdown(found: Comparison) -> str:
    parts = [f"{text}\n" for text in opening(found)]
    for place in _places(found):
        rows = [_long_row(point) for point in points_at(found, place)]
        parts.append(f"{_title(found, place, found.baseline)}\n\n{markdown(_LONG_HEADS, rows)}\n")
        parts += [f"{text}\n" for text in lacking(found, points_at(found, place))]
    parts += [f"{text}\n" for text in (*overtaking(found, set(found.methods)), *closing(found))]
    parts += [f"{gate_line(one)}\n" for one in found.gates]
    return "\n".join(parts)
