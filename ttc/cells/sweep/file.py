"""A sweep's YAML file -> `Spec`, or every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ttc.cells.sweep.random_draws import Draw, drawn, read_draw
from ttc.cells.sweep.spec import GRID, MOST_CELLS, Axis, Setting, Spec, problem, setting
from ttc.errors import RecipeError
from ttc.faults import Fault, KeyPath, report
from ttc.words import counted, nearest
from ttc.yamltext import Source, read_source

KEYS = ("name", "description", "recipes", "set", "list", "random", GRID)
_OF_RANDOM = ("cells", "seed", "keys")


def is_sweep(path: Path) -> bool:
    """Whether a file is a sweep, not a recipe: it names recipes. False for what is no YAML."""
    try:
        data = read_source(path, str(path), "sweep").data
    except RecipeError:
        return False
    return isinstance(data, dict) and "recipes" in data


def read_sweep(path: Path) -> Spec:
    """A sweep's file. Raises `RecipeError` with all that is wrong, one line each."""
    return _Reading(read_source(path, str(path), "sweep"), path).spec()


class _Reading:
    """Collects faults while it reads."""

    def __init__(self, source: Source, path: Path) -> None:
        self._source, self._path = source, path
        self._faults: list[Fault] = list(source.faults)

    def spec(self) -> Spec:
        data = self._source.data
        if not isinstance(data, dict):
            raise RecipeError(f"{self._where(())}: a sweep is a mapping of keys to values")
        for key in data:
            if key not in KEYS and not key.startswith("x-"):
                self._fault((key,), f"unknown key{nearest(key, KEYS)}")
        axes = (self._list(data), self._random(data), *self._grid(data))
        found = Spec(
            recipes=self._recipes(data),
            shared=self._settings(("set",), data.get("set")),
            axes=tuple(axis for axis in axes if axis is not None),
            name=self._name(data),
        )
        if self._faults:
            raise report(self._faults, lambda fault: self._where(fault.path, fault.line))
        return found

    def _name(self, data: Mapping[str, Any]) -> str | None:
        name = data.get("name", self._path.stem)
        if not isinstance(name, str):
            self._fault(("name",), "must be a text")
            return None
        return name

    def _recipes(self, data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Found beside the sweep's file first, as a recipe finds its own files."""
        told = data.get("recipes")
        names = [told] if isinstance(told, str) else told
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            self._fault(("recipes",), "expected recipes' files or names, one or a list of them")
            return ()
        found = []
        for i, name in enumerate(names):
            beside = self._path.parent / name
            there = len(name) < 1000 and "\0" not in name and beside.is_file()
            found.append((str(beside) if there else name, self._where(("recipes", i))))
        return tuple(found)

    def _grid(self, data: Mapping[str, Any]) -> list[Axis]:
        axes = []
        for key, values in self._mapping((GRID,), data.get(GRID)).items():
            if not isinstance(values, list) or not values:
                self._fault((GRID, key), "expected a list of values, such as [0.6, 0.8]")
                continue
            settings = [self._setting((GRID, key, i), key, v) for i, v in enumerate(values)]
            each = tuple((one,) for one in settings if one is not None)
            axes.append(Axis(GRID, self._where((GRID, key)), each))
        return axes

    def _list(self, data: Mapping[str, Any]) -> Axis | None:
        told = data.get("list")
        if told is None:
            return None
        if not isinstance(told, list) or not told:
            self._fault(("list",), "expected a list of cells, each a mapping of keys to values")
            return None
        each = tuple(self._settings(("list", i), one) for i, one in enumerate(told))
        return Axis("list", self._where(("list",)), each)

    def _random(self, data: Mapping[str, Any]) -> Axis | None:
        told = data.get("random")
        if told is None:
            return None
        told = self._mapping(("random",), told)
        for key in told:
            if key not in _OF_RANDOM:
                self._fault(("random", key), f"unknown key{nearest(str(key), _OF_RANDOM)}")
        cells = self._whole(told, "cells", least=1)
        seed = self._whole({"seed": 0, **told}, "seed", least=0)
        draws = self._draws(self._mapping(("random", "keys"), told.get("keys")))
        if cells is None or seed is None or not draws:
            if not draws:
                self._fault(("random", "keys"), "expected keys, each with how it is drawn")
            return None
        where = self._where(("random",))
        found = drawn(draws, cells, seed)
        if len(found) < cells:
            there = f"there are only {len(found):,} different ones"
            self._fault(("random", "cells"), f"{counted(cells, 'cell')} are wanted, {there}")
        each = tuple(tuple(setting(k, v, where) for k, v in one.items()) for one in found)
        return Axis("random", where, each)

    def _draws(self, told: Mapping[str, Any]) -> dict[str, Draw]:
        found = {}
        for key, how in told.items():
            at = ("random", "keys", key)
            if said := problem(key, how):
                self._fault(at, said)
                continue
            try:
                found[key] = read_draw(how)
            except ValueError as error:
                self._fault(at, str(error))
        return found

    def _whole(self, told: Mapping[str, Any], key: str, least: int) -> int | None:
        value = told.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            self._fault(("random", key), f"expected a whole number from {least}")
        elif not least <= value <= (MOST_CELLS if key == "cells" else 2**63):
            self._fault(("random", key), f"{value} is not between {least} and {MOST_CELLS:,}")
        else:
            return value
        return None

    def _settings(self, at: KeyPath, told: Any) -> tuple[Setting, ...]:
        found = [self._setting((*at, k), k, v) for k, v in self._mapping(at, told).items()]
        return tuple(one for one in found if one is not None)

    def _setting(self, at: KeyPath, key: str, value: Any) -> Setting | None:
        if said := problem(key, value):
            self._fault(at, said)
            return None
        return setting(key, value, self._where(at))

    def _mapping(self, at: KeyPath, value: Any) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._fault(at, "expected a mapping of recipes' keys, such as sampler.temperature")
            return {}
        return value

    def _fault(self, at: KeyPath, text: str) -> None:
        self._faults.append(Fault(at, text))

    def _where(self, at: KeyPath, line: int | None = None) -> str:
        return f"{self._source.file}:{line or self._source.line(at)}"
