"""A sweep's cells: each validated before any starts, named by what differs, and counted once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.cells.cell import Cell
from ttc.cells.sweep.faults import Faults
from ttc.cells.sweep.spec import Alternative, Spec
from ttc.errors import RecipeError
from ttc.recipe import load_recipe, recipe_hash, resolve, run_id
from ttc.recipe.differences import short_names, told
from ttc.store.run_folder import RunFolder, run_folder
from ttc.store.sweeps import CellState
from ttc.visible import visible_line

if TYPE_CHECKING:
    from ttc.recipe import Recipe


@dataclass(frozen=True)
class SweptCell:
    """A cell with what is known of it: its run's folder, what it has of each swept key, by which it
    is named. alike: equal of cells that a plan can't tell apart: they differ in their seeds.
    """

    cell: Cell
    run: RunFolder
    name: str
    keys: Mapping[str, Any]
    alike: str

    def state(self) -> CellState:
        """As `sweep.json` has it before anything happened."""
        return CellState(
            name=self.name,
            recipe=self.cell.recipe,
            overrides=self.cell.overrides,
            keys=dict(self.keys),
            run=self.run.name,
        )


@dataclass(frozen=True)
class Cells:
    """cells: each once, in order; twice: names of those that are the same run as an earlier one;
    recipes: by `alike`, one of each kind that a plan tells apart; keys: those that are swept;
    called: what a sweep goes by that nobody named.
    """

    cells: tuple[SweptCell, ...]
    twice: tuple[str, ...]
    recipes: Mapping[str, Recipe]
    keys: tuple[str, ...]
    called: str

    @property
    def results(self) -> Path:
        """The folder below which all of them write."""
        return self.cells[0].run.path.parent.parent


def cells_of(spec: Spec, results: Path | None) -> Cells:
    """All cells of a sweep. results: where all of them write; None for where their recipes say.

    Raises `RecipeError` with all that is wrong in any of them, one line each.
    """
    faults = list(spec.faults())
    if faults:
        raise RecipeError("\n".join(faults))
    made = _Making(spec, results)
    for recipe, origin in spec.recipes:
        for settings in spec.combinations():
            made.add(recipe, origin, settings)
    return made.cells()


def cells_again(states: Sequence[CellState], keys: Sequence[str], results: Path) -> Cells:
    """The cells of a sweep that was begun, with their recipes as these are now."""
    made = _Making(Spec(()), results, keys)
    for state in states:
        made.add_again(state)
    return made.cells()


class _Making:
    def __init__(self, spec: Spec, results: Path | None, keys: Sequence[str] = ()) -> None:
        self._spec, self._results = spec, results
        self._keys = tuple(keys) or spec.keys
        self._short = short_names(self._keys)
        self._faults = Faults()
        self._made: dict[str, SweptCell] = {}
        self._twice: list[str] = []
        self._recipes: dict[str, Recipe] = {}
        self._names: dict[str, None] = {}

    def add(self, recipe: str, origin: str, settings: Alternative) -> None:
        texts = tuple(one.text for one in settings)
        loaded = self._load(recipe, texts)
        self._faults.see(settings)
        if isinstance(loaded, RecipeError):
            self._faults.add(loaded, recipe, origin, settings)
            return
        set_here = {one.key: one.value for one in settings}
        keys = self._told(loaded, set_here)
        self._keep(recipe, texts, loaded, keys, self._name(loaded, keys))

    def add_again(self, state: CellState) -> None:
        loaded = self._load(state.recipe, state.overrides)
        if isinstance(loaded, RecipeError):
            self._faults.add(loaded, state.recipe, "", ())
        else:
            self._keep(state.recipe, state.overrides, loaded, state.keys, state.name)

    def _load(self, recipe: str, overrides: Sequence[str]) -> Recipe | RecipeError:
        where = [] if self._results is None else [_results_override(self._results)]
        try:
            return load_recipe(recipe, [*overrides, *where])
        except RecipeError as error:
            return error

    def _keep(
        self,
        recipe: str,
        overrides: tuple[str, ...],
        loaded: Recipe,
        keys: Mapping[str, Any],
        name: str,
    ) -> None:
        run = run_folder(Path(loaded.results), loaded.name, run_id(loaded))
        self._names[loaded.name] = None
        if str(run.path) in self._made:
            self._twice.append(name)
            return
        alike = recipe_hash(loaded) + loaded.engine.model_dump_json()
        self._recipes.setdefault(alike, loaded)
        cell = Cell(recipe, overrides, loaded.results)
        self._made[str(run.path)] = SweptCell(cell, run, name, keys, alike)

    def _told(self, recipe: Recipe, set_here: Mapping[str, Any]) -> dict[str, Any]:
        """Of each swept key what the cell has, be it the recipe's own; None where it has none."""
        if set(self._keys) <= set_here.keys():
            return {key: set_here[key] for key in self._keys}
        whole = {**resolve(recipe), "name": recipe.name}
        return {key: set_here.get(key, _at(whole, key)) for key in self._keys}

    def _name(self, recipe: Recipe, keys: Mapping[str, Any]) -> str:
        words = [f"{self._short[key]}={told(value)}" for key, value in keys.items()]
        if len(self._spec.recipes) != 1 or not words:
            words.insert(0, recipe.name)
        return visible_line(", ".join(words))

    def cells(self) -> Cells:
        self._faults.check()
        places = {cell.run.path.parent.parent for cell in self._made.values()}
        if len(places) > 1:
            named = ", ".join(sorted(map(str, places)))
            raise RecipeError(
                f"recipes write below different folders ({named}); name one by --results FOLDER"
            )
        return Cells(
            tuple(self._made.values()),
            tuple(self._twice),
            self._recipes,
            self._keys,
            self._called(),
        )

    def _called(self) -> str:
        """What a sweep goes by that nobody named: its recipes, and what is swept."""
        first, *others = self._names or {"sweep": None}
        recipes = f"{first}-and-{len(others)}-more" if others else first
        words = "-".join([recipes, *self._short.values()])
        plain = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in words)
        return plain[:80].lstrip(".-") or "sweep"


def _results_override(results: Path) -> str:
    from ttc.cells.sweep.spec import setting

    return setting("results", str(results), "").text


def _at(data: Any, key: str) -> Any:
    for step in key.split("."):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data
