"""Runs of a page against the first of them, at equal compute and paired over problems: what
`ttc compare` says, in one short table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

from ttc.analysis.intervals import few_problems
from ttc.errors import TtcError
from ttc.pipeline.comparing import Comparison, Point, Request, compare
from ttc.pipeline.interval import Interval
from ttc.report.compare import best_of, few_budgets, lacking, overtaking, points_at, takes, verdicts
from ttc.report.html.pack import known, shown_line
from ttc.report.names import axis
from ttc.report.tables import number
from ttc.store.run_folder import RunFolder
from ttc.words import counted

_MOST = 8
"""Runs that the table has within each budget."""


class Span(TypedDict):
    """A difference in success probability with its interval; None where that is not known."""

    estimate: float | None
    low: float | None
    high: float | None


class Standing(TypedDict):
    """A run within a budget. takes: policy, S and V; ahead: of the baseline, None for itself;
    finds: the difference that so many problems show with 80 % power.
    """

    name: str
    takes: str
    success: float | None
    ahead: Span | None
    finds: float | None
    verdict: str


class PlaceData(TypedDict):
    """A budget per problem, and the runs within it, the best first."""

    within: str
    runs: list[Standing]


class PairedData(TypedDict):
    """said: sentences on the largest budget and on who overtakes whom; notes: what figures are;
    why: why runs can't be compared, else empty.
    """

    said: list[str]
    baseline: str
    places: list[PlaceData]
    notes: list[str]
    why: str


def paired(runs: Sequence[RunFolder]) -> PairedData | None:
    """None for a single run. Runs that can't be compared, as they are of other problems, are a
    sentence that says why.
    """
    if len(runs) < 2:
        return None
    try:
        return of_comparison(compare(runs, Request(by="recipe")))
    except TtcError as error:
        why = f"These runs are not compared with each other: {error}"
        return {"said": [], "baseline": "", "places": [], "notes": [], "why": shown_line(why, 600)}


def of_comparison(found: Comparison) -> PairedData:
    """The table of a comparison whose rows are runs."""
    places: list[PlaceData] = []
    notes = list(found.notes)
    named: set[str] = set()
    for budget in few_budgets(found):
        points = points_at(found, (budget, None))
        shown = best_of(points, found.baseline, _MOST)
        named |= {one.method for one in shown}
        within = f"within {number(budget)} per problem, {axis(found.unit)}"
        places.append({"within": within, "runs": [_standing(one) for one in shown]})
        notes += [f"{within}: {text}" for text in lacking(found, points)]
    more = len(found.methods) - len(named)
    notes += [f"{counted(more, 'run')} more, none of the best: ttc compare has all"] if more else []
    said = [text for text in (verdicts(found), *overtaking(found, named)) if text]
    return {
        "said": [shown_line(text, 600) for text in said],
        "baseline": shown_line(found.baseline, 80),
        "places": places,
        "notes": [shown_line(text, 900) for text in (*notes, *_explained(found))],
        "why": "",
    }


def _standing(point: Point) -> Standing:
    return {
        "name": shown_line(point.method, 80),
        "takes": shown_line(takes(point)) + (", its samples end there" if point.short else ""),
        "success": known(point.success.estimate),
        "ahead": None if point.ahead is None else _span(point.ahead),
        "finds": known(point.detectable),
        "verdict": point.verdict or "",
    }


def _span(one: Interval) -> Span:
    return {"estimate": known(one.estimate), "low": known(one.low), "high": known(one.high)}


def _explained(found: Comparison) -> Iterator[str]:
    units = "problems" if found.units == found.problems else "clusters of problems"
    yield (
        f"Of {found.problems} problems that all runs have. Each run takes the policy, S and V that "
        "do best within the budget, and is judged out of bag, on problems that these were not "
        f"chosen by. Differences are paired; {100 * found.level:g} % intervals are for new "
        "problems. Better or worse: the interval, a permutation test and a paired t test agree, "
        f"corrected (Holm) for the {counted(found.together, 'comparison')} of each budget. Finds: "
        f"the difference in points that so many {units} show with 80 % power."
    )
    if rough := few_problems(found.units):
        yield rough
