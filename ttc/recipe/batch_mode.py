"""Which models of a recipe are asked in provider batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttc.recipe.model import Recipe


def in_batches(backend: Any) -> bool:
    """Whether a backend's calls wait in batches."""
    return getattr(backend, "mode", "now") == "batch"


def window_of(recipe: Recipe, problems: int, usual: Callable[[], int]) -> Callable[[], int]:
    """How many problems are worked on at a time: all where a model is asked in batches, or these
    would be small and wait for each other.
    """
    if any(map(in_batches, recipe.backends())):
        return lambda: max(1, problems)
    return usual
