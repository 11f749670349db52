"""What was found, in a sentence or two with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ttc.pipeline.interval import Interval
from ttc.pipeline.scaling import ScalingFit
from ttc.report.html.success import Cell, MethodData
from ttc.report.names import axis, shown_policy
from ttc.report.tables import number, percent, percent_with

_VOTES = ("majority",)


def headline(found: Sequence[MethodData], fit: ScalingFit | None) -> list[str]:
    """Sentences, the most telling first; none where there are no curves yet."""
    if fit is not None and fit.methods:
        return _of_fit(fit)
    measured = [one for one in found if one["cells"] and one["cells"][0]["cap"] is not None]
    if measured:
        return [_measured(measured[0])]
    return _of_cells(found)


def _of_fit(fit: ScalingFit) -> list[str]:
    best = max(fit.methods, key=lambda one: _or_least(one.figures["best_success"].estimate))
    name = shown_policy(best.policy)
    gain, vote = best.figures["gain"], _percent(best.figures["sc_plateau"])
    own = f"{name} by {best.verifier} reaches {_percent(best.figures['best_success'])}"
    crossing: list[str] = []
    if best.setting.rising or math.isnan(gain.estimate):
        text = (
            f"{own}; what it gains over a vote can't be told, since the vote still rises at S = "
            f"{best.setting.S[-1]}."
        )
    elif gain.low > 0:
        text = f"{own}, {_points(gain)} more than a vote, whose best is {vote}."
        crossing = [_crossing(best.figures["crossover"], fit.unit)]
    elif gain.high < 0:
        text = f"A vote, whose best is {vote}, beats any choice by {best.verifier}: {own}."
    else:
        text = f"Undecided: {own}, a vote {vote}; {_points(gain)} between them may be chance."
    told = f"Of {fit.problems} problems; {100 * fit.request.level:g} % intervals for new problems."
    return [_capital(text), *crossing, told]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _crossing(crossed: Interval, unit: str) -> str:
    if math.isinf(crossed.estimate) or math.isnan(crossed.estimate):
        return "At equal compute it is never ahead of the vote within the measured range."
    high = "never" if math.isinf(crossed.high) else number(crossed.high)
    return (
        f"At equal compute it is ahead from {number(crossed.estimate)} a problem on "
        f"({number(crossed.low)} to {high}; {axis(unit)}); with less, the vote is the better use."
    )


def _of_cells(found: Sequence[MethodData]) -> list[str]:
    votes = [one for one in found if one["policy"].partition("(")[0] in _VOTES]
    known = votes or [one for one in found if not one["oracle"]]
    if not known or not known[0]["cells"]:
        return []
    method = known[0]
    last = max(method["cells"], key=lambda cell: cell["S"] or 0)
    first = min(method["cells"], key=lambda cell: cell["S"] or 0)
    what = "A vote" if votes else method["title"]
    text = f"{what} of {last['S']} solutions answers {_cell(last)} right"
    if first is not last and first["S"] == 1:
        text += f", one solution {percent(first['success'])}"
    lines = [f"{text} ({last['problems']} problems, 95 % intervals for new problems)."]
    oracles = [one for one in found if one["oracle"] and one["cells"]]
    if oracles:
        most = max(oracles[0]["cells"], key=lambda cell: cell["S"] or 0)
        lines.append(
            f"Among {most['S']} solutions a right one is there for {_cell(most)} of problems: "
            "that much a perfect choice could reach."
        )
    return lines


def _measured(method: MethodData) -> str:
    last = max(method["cells"], key=lambda cell: cell["cap"] or 0.0)
    tokens = last["cost"].get("tokens")
    cost = "" if tokens is None else f" for {number(tokens)} tokens a problem"
    return (
        f"The sampler answers {_cell(last)} right{cost} ({last['problems']} problems, 95 % "
        "intervals for new problems)."
    )


def _cell(cell: Cell) -> str:
    return percent_with(cell["success"], cell["low"], cell["high"])


def _percent(one: Interval) -> str:
    return percent_with(one.estimate, one.low, one.high)


def _points(one: Interval) -> str:
    return f"{100 * one.estimate:.1f} points ({100 * one.low:.1f} to {100 * one.high:.1f})"


def _or_least(value: float) -> float:
    return -math.inf if math.isnan(value) else value
