"""What a command line says of a sweep: `--grid KEY=V,V` and `--set KEY=V`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ttc.cells.sweep.spec import GRID, Axis, Setting, problem, setting
from ttc.errors import RecipeError
from ttc.recipe.overrides import short
from ttc.yamltext import parse_value


def grid_axes(given: Sequence[str]) -> tuple[list[Axis], list[str]]:
    """Axes of `--grid sampler.temperature=0.6,0.8`, and what is wrong with others, a line each.

    Values are those of a YAML list in one line, so that each is what `--set` would read; commas in
    brackets part nothing. Of one key that is given twice, all values count.
    """
    values: dict[str, list[tuple[Setting, ...]]] = {}
    faults = []
    for text in given:
        key, equals, listed = text.partition("=")
        key, origin = key.strip(), f"--grid {short(text)}"
        if not equals or not key or not listed.strip():
            faults.append(f"{origin}: a grid has the form path.to.key=value,value")
            continue
        try:
            found = parse_value(f"[{listed}]", origin)
        except RecipeError as error:
            faults.append(str(error))
            continue
        wrong = [said for value in found if (said := problem(key, value))]
        faults += [f"{origin}: {said}" for said in dict.fromkeys(wrong)]
        if not wrong:
            each = [(setting(key, value, origin),) for value in found]
            values.setdefault(key, []).extend(each)
    axes = [Axis(GRID, f"--grid {key}", tuple(each)) for key, each in values.items()]
    return axes, faults


def shared_settings(given: Sequence[str]) -> tuple[list[Setting], list[str]]:
    """Settings of `--set KEY=VALUE`, kept as they were typed, and what is wrong with others."""
    found, faults = [], []
    for text in given:
        origin = f"--set {short(text)}"
        try:
            found += list(_typed(text, origin))
        except RecipeError as error:
            faults.append(str(error))
    return found, faults


def _typed(text: str, origin: str) -> Iterator[Setting]:
    key, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"{origin}: an override has the form path.to.key=value")
    read = parse_value(value, origin)
    if said := problem(key.strip(), read):
        raise RecipeError(f"{origin}: {said}")
    yield Setting(key.strip(), read, text, origin)
