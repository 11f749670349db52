"""What verification buys beside the vote, for a page: within budgets, and where it gets ahead."""

from __future__ import annotations

from typing import Any, TypedDict

from ttc.errors import TtcError
from ttc.pipeline.interval import Interval
from ttc.pipeline.scaling import FitRequest, MethodFit, ScalingFit, fit_scaling
from ttc.pipeline.scaling.at_budgets import Bought
from ttc.report.html.pack import known
from ttc.report.names import axis, shown_policy
from ttc.store.run_folder import RunFolder


class FitData(TypedDict):
    """methods: of each, by budget, what it and the vote buy, and the gain in success."""

    unit: str
    axis: str
    level: float
    warning: str
    methods: list[dict[str, Any]]


def fit_of(run: RunFolder) -> tuple[ScalingFit | None, str]:
    """The fit of a run on its usual axis; and, where there can be none, why."""
    try:
        fit = fit_scaling([run], FitRequest(seed=run.manifest().seed or 0))
    except TtcError as error:
        return None, str(error)
    return (fit, "") if fit.methods else (None, "")


def fit_data(fit: ScalingFit) -> FitData:
    """The fit as plain data."""
    return {
        "unit": fit.unit,
        "axis": axis(fit.unit),
        "level": fit.request.level,
        "warning": fit.warning or "",
        "methods": [_method(one) for one in fit.methods],
    }


def _method(one: MethodFit) -> dict[str, Any]:
    return {
        "title": shown_policy(one.policy) + one.label.removeprefix(one.policy),
        "lambda": known(one.ratio, 4),
        "rising": one.setting.rising,
        "ahead": span(one.figures["crossover"]),
        "gain": span(one.figures["gain"]),
        "best": span(one.figures["best_success"]),
        "vote": span(one.figures["sc_plateau"]),
        "growth": [{"letter": g.letter, "refused": g.refused, **span(g.value)} for g in one.growth],
        "at": [
            {
                "budget": known(told.budget),
                "vote": _bought(told.voted),
                "own": _bought(told.verified),
                "gain": span(told.gain),
            }
            for told in one.at
        ],
    }


def _bought(one: Bought) -> dict[str, Any] | None:
    if not one.S:
        return None
    return {"S": one.S, "V": one.V, "cost": known(one.cost), **span(one.success)}


def span(one: Interval) -> dict[str, float | str | None]:
    """An estimate with its interval; `never` for what is not reached."""
    told = one.as_dict()
    return {
        name: value if isinstance(value, str) else known(value)
        for name, value in told.items()
        if name != "known"
    }
