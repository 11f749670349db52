"""Which models of a recipe are asked in provider batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ttc.recipe.model import Recipe


def in_batches(backend: Any) -> bool:
    """Whether a backend's calls wait in batches."""
    return getattr(backend, "mode", "now") == "batch"


def problems_at_a_time(recipe: Recipe, problems: int) -> int:
    """How many are worked on at once: all where a model is asked in batches, or these would be
    small and wait for each other.
    """
    if any(map(in_batches, recipe.backends())):
        return max(1, problems)
    return recipe.engine.problems_in_flight
