"""A recipe file and overrides -> `Recipe`, or every fault at once."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ttc.errors import RecipeError
from ttc.faults import Fault, KeyPath, report
from ttc.recipe import overrides as changes
from ttc.recipe.bounds import strange_values
from ttc.recipe.checks import check
from ttc.recipe.files import settle_paths
from ttc.recipe.model import Recipe
from ttc.recipe.shape import stray_flags
from ttc.recipe.shipped import find_recipe
from ttc.recipe.translate import show, translate
from ttc.secret_values import remember_keys, remember_secrets
from ttc.yamltext import Source, parse, read_source


def load_recipe(path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and validate a recipe file, or a shipped recipe by name.

    overrides: `path.to.key=value`, the value as YAML, applied in order.
    Raises `RecipeError` with all that is wrong, one line each: place, key, what to mend.
    """
    found = find_recipe(str(path))
    return _validate(read_source(found, str(found)), found, overrides)


def parse_recipe(
    text: str, path: str | Path = "recipe.yaml", overrides: Sequence[str] = ()
) -> Recipe:
    """Validate a recipe's text; `path` is where it is said to stand."""
    return _validate(parse(text, str(path)), Path(path), overrides)


def recipe_of(data: Mapping[str, Any], overrides: Sequence[str] = ()) -> Recipe:
    """Validate a recipe that is plain data already; files that it names are found from here.

    Raises `RecipeError`, also for what no recipe can hold.
    """
    return _validate(Source("recipe", plain_data(dict(data))), Path("recipe"), overrides)


def plain_data(value: Any) -> Any:
    """Texts, numbers, lists and mappings for what stands for them: paths, tuples, numpy's numbers.

    Raises `RecipeError` for anything else.
    """

    def plain(other: Any) -> Any:
        if hasattr(other, "tolist"):
            return other.tolist()
        raise RecipeError(f"recipe: {type(other).__name__} is nothing that a recipe can hold")

    try:
        return to_jsonable_python(value, fallback=plain)
    except (ValueError, PydanticSerializationError) as error:  # a circle, or bytes that are no text
        raise RecipeError(f"recipe: {error}") from None


def _validate(source: Source, path: Path, overrides: Sequence[str]) -> Recipe:
    data = source.data
    if not isinstance(data, dict):
        raise RecipeError(
            f"{source.file}:{source.line(())}: a recipe is a mapping of keys to values"
        )
    faults = list(source.faults)
    # A copy, since anchors share what overrides change; `x-...` keys only hold anchors.
    data = copy.deepcopy({k: v for k, v in data.items() if not k.startswith("x-")})
    data.setdefault("name", _default_name(path))
    set_by: dict[KeyPath, str] = {}
    for override in overrides:
        set_by[changes.apply(data, override)] = override
    remember_keys(data)
    recipe, more = _build(data, path.parent)
    told = {fault.path for fault in faults}
    faults += [fault for fault in more if fault.path not in told]
    if faults or recipe is None:
        remember_secrets([data, source.data])
        raise _report(faults, source, set_by)
    return recipe


def _build(data: dict[str, Any], folder: Path) -> tuple[Recipe | None, list[Fault]]:
    settle_paths(Recipe, data, folder)
    valid: dict[str, Any] = {}
    recipe, faults = None, []
    try:
        recipe = Recipe.model_validate(data, context=valid)
    except ValidationError as error:
        remember_secrets(data)
        faults = translate(error, Recipe, data)
    flags = [Fault(p, f"must be a number, not {show(v)}") for p, v in stray_flags(Recipe, data)]
    odd = list(strange_values(data))
    told = {fault.path for fault in odd}
    faults = [fault for fault in faults + flags if fault.path not in told]
    # What is checked across parts opens files by names that must first be names.
    return recipe, odd + faults + ([] if odd else check(valid))


def _default_name(path: Path) -> str:
    stem = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in path.stem)
    return stem.lstrip(".-") or "recipe"


def _report(faults: list[Fault], source: Source, set_by: dict[KeyPath, str]) -> RecipeError:
    def override(fault: Fault) -> str | None:
        """The last override at, above or (where it made the place) below the fault's key."""
        for at, text in reversed(set_by.items()):
            if fault.path[: len(at)] == at:
                return text
            if fault.path == at[: len(fault.path)] and fault.path not in source.lines:
                return text
        return None

    def where(fault: Fault) -> str:
        text = override(fault) if fault.line is None else None
        if text is not None:
            return f"--set {changes.short(text)}"
        if not source.lines and fault.line is None:
            return source.file
        return f"{source.file}:{fault.line or source.line(fault.path)}"

    def order(fault: Fault) -> tuple[bool, int]:
        return override(fault) is not None, fault.line or source.line(fault.path)

    return report(sorted(faults, key=order), where)
