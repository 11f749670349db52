"""What a sweep is before its recipes are read: recipes, what all cells set, and axes to combine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from ttc.errors import RecipeError
from ttc.secret_names import is_secret_name
from ttc.yamltext import parse_value

MOST_CELLS = 10_000
GRID = "grid"


@dataclass(frozen=True)
class Setting:
    """One key that a cell sets. text: as `--set` takes it; origin: where it was told."""

    key: str
    value: Any
    text: str
    origin: str


Alternative = tuple[Setting, ...]


@dataclass(frozen=True)
class Axis:
    """What cells may have one of: the values of a grid's key, a list's entries, random draws.

    section: the part of the sweep that it is; origin: where that was told.
    """

    section: str
    origin: str
    alternatives: tuple[Alternative, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that it sets in any cell, in their order."""
        return tuple(dict.fromkeys(one.key for each in self.alternatives for one in each))


@dataclass(frozen=True)
class Spec:
    """A sweep: each recipe with each combination of one alternative of every axis.

    recipes: files or names of shipped ones, with where each was told. shared: what all cells set,
    before what axes set, which are applied in their order. name: None where nobody gave one.
    """

    recipes: tuple[tuple[str, str], ...]
    shared: tuple[Setting, ...] = ()
    axes: tuple[Axis, ...] = ()
    name: str | None = None

    @property
    def size(self) -> int:
        """Cells, those that turn out to be the same among them."""
        return len(self.recipes) * prod(len(axis.alternatives) for axis in self.axes)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that differ between cells, as `--set` names them."""
        return tuple(dict.fromkeys(key for axis in self.axes for key in axis.keys))

    def combinations(self) -> Iterator[Alternative]:
        """What each cell of a recipe sets."""
        for chosen in product(*(axis.alternatives for axis in self.axes)):
            yield (*self.shared, *(one for each in chosen for one in each))

    def with_options(self, shared: Sequence[Setting], grid: Sequence[Axis]) -> Spec:
        """With what a command line adds: an axis of the same key takes the place of a file's."""
        told = {axis.keys for axis in grid}
        kept = [axis for axis in self.axes if axis.section != GRID or axis.keys not in told]
        return replace(self, shared=(*self.shared, *shared), axes=(*kept, *grid))

    def faults(self) -> Iterator[str]:
        """What can't be, one line each: a key that is told twice, and too many cells."""
        earlier = [(one.key, one.origin) for one in self.shared]
        for axis in self.axes:
            for key in axis.keys:
                for other, origin in earlier:
                    if key == other or other.startswith(f"{key}."):
                        yield (
                            f"{axis.origin}: {axis.section}: {key} would undo {other} "
                            f"({origin}); tell a key in one place only"
                        )
            earlier += [(key, axis.origin) for key in axis.keys]
        if self.size > MOST_CELLS:
            yield (
                f"{self.size:,} cells are more than {MOST_CELLS:,}; part them into several sweeps, "
                "or draw some of them (random)"
            )


def setting(key: str, value: Any, origin: str) -> Setting:
    """A key with a value that was read from YAML."""
    return Setting(key, value, f"{key}={_as_yaml(value)}", origin)


def problem(key: str, value: Any) -> str | None:
    """Why a sweep can't set a key to this value; None where it can, as far as the sweep knows."""
    steps = key.split(".")
    if not all(step.strip() for step in steps):
        return "expected a key of the recipe, such as sampler.temperature"
    if key == "results":
        return "all cells of a sweep write below one folder of results: --results FOLDER"
    if _holds_secret({steps[-1]: value}):
        return (
            "a sweep writes down what it sets: put secrets into the environment, and its name into "
            "the recipe (api_key_env)"
        )
    return None


def _holds_secret(value: Any) -> bool:
    """Whether a text stands somewhere under a name like a key's."""
    if isinstance(value, Mapping):
        return any(
            _holds_text(inner) if is_secret_name(str(key)) else _holds_secret(inner)
            for key, inner in value.items()
        )
    return isinstance(value, list) and any(map(_holds_secret, value))


def _holds_text(value: Any) -> bool:
    inside = value.values() if isinstance(value, Mapping) else value
    if isinstance(inside, str):
        return True
    return not isinstance(inside, int | float | None) and any(map(_holds_text, inside))


def _as_yaml(value: Any) -> str:
    """On one line, read again as what it is; a word without quotes where that is the same."""
    if isinstance(value, str) and value.strip() == value and value:
        try:
            if parse_value(value, "") == value:
                return value
        except RecipeError:
            pass
    return json.dumps(value, ensure_ascii=False)
