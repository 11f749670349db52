"""The recipes that come with the package, and the starter that `ttc init` writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ttc.errors import RecipeError
from ttc.installing import with_extra
from ttc.shipped import shipped_files
from ttc.words import nearest

__all__ = [
    "ShippedRecipe",
    "find_recipe",
    "needs",
    "shipped_files",
    "shipped_recipes",
    "starter",
]

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ShippedRecipe:
    """A recipe of the package, for listings. `needs` is empty where it runs as it is."""

    name: str
    path: Path
    description: str
    needs: str


def find_recipe(name: str) -> Path:
    """A recipe file by path, or a shipped one by name. Raises `RecipeError`."""
    path = Path(name)
    try:
        if path.is_file():
            return path
        known = shipped_files()
        if name in known:
            return known[name]
        problem = "is a folder, not a recipe file" if path.is_dir() else "no such recipe file"
    except (OSError, ValueError):
        raise RecipeError(f"{ascii(name)[:80]}: not a file name") from None
    shown = name if name.isprintable() else ascii(name)
    tail = nearest(path.stem, known).replace("known:", "shipped recipes:")
    raise RecipeError(f"{shown}: {problem}{tail}")


def shipped_recipes(names: Collection[str] | None = None) -> list[ShippedRecipe]:
    """Shipped recipes (None: all) with their descriptions and what they need."""
    from ttc.recipe.load import load_recipe

    out = []
    for name, path in shipped_files().items():
        if names is not None and name not in names:
            continue
        recipe = load_recipe(path)
        out.append(ShippedRecipe(name, path, recipe.description, needs(recipe)))
    return out


def needs(recipe: object) -> str:
    """Extras and keys that a recipe's parts ask for, in words."""
    from ttc.recipe.model import Recipe

    assert isinstance(recipe, Recipe)
    methods = [part for _, part, _ in recipe.methods()]
    wanted: list[str] = []
    for part in (recipe.dataset, *methods, *recipe.policies, *recipe.backends()):
        if part.extra and not getattr(part, "path", None):
            wanted.append(with_extra(part.extra))
        key = getattr(part, "api_key_env", None) or getattr(part, "default_key_env", None)
        if key and not getattr(part, "base_url", None):
            wanted.append(key)
    return ", ".join(dict.fromkeys(wanted))


def starter() -> str:
    """A commented recipe to start from, which runs as it is."""
    return (_HERE / "starter.yaml").read_text(encoding="utf-8")
