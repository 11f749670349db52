"""Gates put to a comparison's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ttc.pipeline.best_within import Chosen, Problems, gap
from ttc.pipeline.comparing.baseline import Rows
from ttc.pipeline.comparing.gate import Gate, GateResult
from ttc.pipeline.comparing.methods import Method
from ttc.pipeline.comparing.sides import Side


def held(gate: Gate, rows: Rows, unit: str, problems: Problems) -> Iterator[GateResult]:
    """How a gate goes: for its subject, or for every recipe beside the base's."""
    base = rows.side(gate.base)
    if gate.subject is not None:
        subjects = [rows.side(gate.subject)]
    else:
        own = rows.recipes[base.recipe].name
        subjects = [one for one in _named(rows) if one.name != own] or _named(rows)
    for subject in subjects:
        yield _result(gate, _called(base, rows), _called(subject, rows), unit, problems)


def _named(rows: Rows) -> list[Method]:
    return [_called(one, rows) for one in rows.whole]


def _called(method: Method, rows: Rows) -> Method:
    """A recipe as a whole has no name of its own."""
    return method if method.name else replace(method, name=rows.recipes[method.recipe].name)


def _result(gate: Gate, base: Method, subject: Method, unit: str, problems: Problems) -> GateResult:
    chosen = [_chosen(gate, one, unit, problems) for one in (base, subject)]
    for one, found in zip((base, subject), chosen, strict=True):
        if found is None:
            why = f"nothing of {one.name} can be had there"
            return GateResult(gate.text, subject.name, base.name, "undecided", why=why)
    first, second = chosen
    assert first is not None
    assert second is not None
    difference = gap(first, second, problems)
    outcome = gate.outcome(difference)
    return GateResult(gate.text, subject.name, base.name, outcome, difference)


def _chosen(gate: Gate, method: Method, unit: str, problems: Problems) -> Chosen | None:
    side = Side(method, unit, problems)
    return side.at(int(gate.at)) if gate.unit == "samples" else side.within(gate.at)
