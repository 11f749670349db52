"""A scaling fit as rows of the tables `fits` and `allocation`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ttc.analysis.coverage import CoverageFit
from ttc.analysis.fitting import PROCEDURES
from ttc.pipeline.interval import Interval
from ttc.pipeline.scaling.fits import MethodFit, ScalingFit
from ttc.pipeline.scaling.quantities import MEANINGS

Row = dict[str, Any]


def fit_rows(fit: ScalingFit) -> Iterator[Row]:
    """Rows of `fits`: every figure of every method, differences, and coverage."""
    always = {
        "cost_unit": fit.unit,
        "interval_level": fit.request.level,
        "n_problems": fit.problems,
    }
    for method in fit.methods:
        for row in (*_method_rows(method), *_growth_rows(method)):
            yield always | _names(method) | row
        for name, one in fit.differences.get(method.label, {}).items():
            meaning = f"{name}, minus that of {fit.methods[0].label}"
            unit = MEANINGS.get(name, ("", "probability"))[1]
            yield always | _names(method) | _row(f"difference_{name}", meaning, unit, one)
    for found in fit.coverage:
        nobody = {"run": found.run, "policy": "oracle", "verifier": None}
        for row in _coverage_rows(found.fit):
            yield always | nobody | row


def allocation_rows(fit: ScalingFit) -> Iterator[Row]:
    """Rows of `allocation`: the best S and V by budget, by every procedure."""
    for method in fit.methods:
        names = _names(method) | {"cost_unit": fit.unit}
        paths = [("voting", method.analysis.voted), ("grid", method.analysis.verified)]
        smooth = [(name, method.analysis.paths.get(name)) for name in PROCEDURES]
        for procedure, path in (*paths, *smooth):
            if path is None:
                continue
            columns = (path.cost, path.S, path.V, path.success)
            for cost, s, v, success in zip(*columns, strict=True):
                figures = {"cost": cost, "best_S": float(s), "best_V": float(v), "success": success}
                yield names | {"procedure": procedure} | figures


def _names(method: MethodFit) -> Row:
    return {"run": method.run, "policy": method.policy, "verifier": method.verifier}


def _method_rows(method: MethodFit) -> Iterator[Row]:
    for name, one in method.figures.items():
        yield _row(name, *MEANINGS[name], one)
    for name, one in method.in_c.items():
        if MEANINGS[name][1] in ("cost", "ratio", "exponent"):
            meaning, unit = MEANINGS[name]
            unit = "solutions" if unit == "cost" else unit
            yield _row(f"{name}_in_c", f"{meaning}, on the axis C", unit, one)
    for at in method.at:
        meaning = "success beyond self-consistency within this budget, on new problems"
        yield _row("gain_at_budget", meaning, "probability", at.gain) | {"at": at.budget}


def _growth_rows(method: MethodFit) -> Iterator[Row]:
    """The recommended exponents, and the range over procedures and units."""
    for one, noun in zip(method.growth, "SV", strict=True):
        meaning = one.refused or f"exponent of {noun}, by the {one.procedure}"
        yield _row(f"{one.letter}_recommended", meaning, "exponent", one.value)
        spread = Interval(one.value.estimate, one.low, one.high)
        meaning = one.refused or f"exponent of {noun}, range over procedures and units"
        yield _row(f"{one.letter}_conventions", meaning, "exponent", spread)


def _coverage_rows(fit: CoverageFit) -> Iterator[Row]:
    values = {**fit.law.as_dict(), **fit.beta.as_dict()}
    for name, (low, high) in fit.parameter_intervals.items():
        value = values.get(name)
        one = Interval(np.nan if value is None else float(value), low, high)
        yield _row(f"coverage_{name}", f"{name} of the coverage law", "parameter", one)
    curves = {
        "measured": fit.measured,
        "law": fit.law.pass_at_k(fit.k),
        "beta": fit.beta.pass_at_k(fit.k),
    }
    meanings = {
        "measured": "unbiased pass@k",
        "law": "pass@k of the exponentiated power law",
        "beta": "pass@k of the beta-binomial",
    }
    for name, curve in curves.items():
        for i, k in enumerate(fit.k):
            low, high = (float(end[i]) for end in fit.intervals[name])
            one = Interval(float(curve[i]), low, high)
            yield _row(f"coverage_{name}_at_k", meanings[name], "probability", one) | {
                "at": float(k)
            }
    for name, error in ({} if fit.check is None else fit.check.errors).items():
        one = Interval(error.rmse, np.nan, np.nan)
        yield _row(
            f"coverage_{name}_held_out_rmse", "error at held-out larger k", "probability", one
        )


def _row(quantity: str, meaning: str, unit: str, one: Interval) -> Row:
    def told(value: float) -> float | None:
        return None if np.isnan(value) else value

    return {
        "quantity": quantity,
        "meaning": meaning,
        "at": None,
        "unit": unit,
        "estimate": told(one.estimate),
        "low": told(one.low),
        "high": told(one.high),
        "known": one.known,
    }
