"""Gates put to a comparison's rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ttc.pipeline.best_within import Problems
from ttc.pipeline.comparing.baseline import Rows
from ttc.pipeline.comparing.gate import Gate, GateResult
from ttc.pipeline.comparing.methods import Method
from ttc.pipeline.comparing.sides import Side
from ttc.pipeline.comparing.stated import Place, at_places


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
    place = Place(samples=int(gate.at)) if gate.unit == "samples" else Place(budget=gate.at)
    sides = [Side(one, unit, problems) for one in (base, subject)]
    points = tuple(one.point for one in at_places([place], sides, problems))
    made = GateResult(gate.text, subject.name, base.name, "undecided", points=points, unit=unit)
    for side in sides:
        if place.of(side) is None:
            return replace(made, why=f"nothing of {side.method.name} can be had there")
    difference = points[-1].ahead
    assert difference is not None
    return replace(made, outcome=gate.outcome(difference), difference=difference)
