"""What is wrong in a sweep's cells: each thing once, where the sweep says it, in which cells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ttc.cells.sweep.spec import Alternative, Setting
from ttc.errors import RecipeError
from ttc.recipe.overrides import short

_MOST = 50


@dataclass
class _Fault:
    """A line, how many cells have it, and the first of them. by: what is blamed, if anything is."""

    cells: int
    recipe: str
    by: Setting | None
    settings: Alternative
    of: set[str] = field(default_factory=set)
    """Settings that are wrong in this way."""


class Faults:
    """Faults of recipes as cells change them."""

    def __init__(self) -> None:
        self._found: dict[str, _Fault] = {}
        self._cells: Counter[str] = Counter()

    def see(self, settings: Alternative) -> None:
        """There is a cell with these settings."""
        self._cells.update(one.text for one in settings)

    def add(self, error: RecipeError, recipe: str, origin: str, settings: Alternative) -> None:
        """What is wrong in a cell. origin: where the sweep names its recipe."""
        for line in str(error).splitlines():
            placed, by = _placed(line, settings, recipe, origin)
            known = self._found.setdefault(placed, _Fault(0, recipe, by, settings))
            known.cells += 1
            known.of.update({by.text} if by else ())

    def check(self) -> None:
        """Raises `RecipeError` with all that was added, one line each."""
        lines = [f"{line}{self._where(one)}" for line, one in self._found.items()]
        if lines:
            more = [f"and {len(lines) - _MOST:,} more"] if len(lines) > _MOST else []
            raise RecipeError("\n".join([*lines[:_MOST], *more]))

    def _where(self, fault: _Fault) -> str:
        """The first cell, of a setting that is wrong in some of its cells only."""
        cells = sum(self._cells[text] for text in fault.of)
        if fault.by is None or fault.cells == cells:
            return ""
        others = [short(one.text) for one in fault.settings if one is not fault.by]
        first = ", ".join([fault.recipe, *others])
        return f" (in {fault.cells} of its {cells} cells; first: {first})"


def _placed(
    line: str, settings: Alternative, recipe: str, origin: str
) -> tuple[str, Setting | None]:
    """A line with where the sweep says what is wrong, and which setting that is."""
    for one in reversed(settings):
        told = f"--set {short(one.text)}"
        if line.startswith(f"{told}:"):
            return one.origin + line[len(told) :], one
    return (f"{origin}: {line}" if origin and line.startswith(f"{recipe}: ") else line), None
