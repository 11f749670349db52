"""New inputs like given ones, of other sizes and values: no program has learned them by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_MOST = 64
_LETTERS = "abcdexyz"


def varied(value: Any, rng: np.random.Generator) -> Any:
    """Plain data of the same type: numbers near and far, lists and texts cut, grown and mixed."""
    if isinstance(value, bool):
        return bool(rng.integers(2))
    if isinstance(value, int):
        near = value + int(rng.integers(-3, 4))
        far = value * int(rng.integers(2, 5))
        return abs(near if rng.random() < 0.7 else far) if value >= 0 else near
    if isinstance(value, float):
        return value * float(rng.uniform(0.5, 2)) + float(rng.uniform(-1, 1))
    if isinstance(value, str):
        letters = list(value) or [_LETTERS[int(rng.integers(len(_LETTERS)))]]
        return "".join(_resized(letters, rng))
    if isinstance(value, list | tuple):
        return type(value)(varied(one, rng) for one in _resized(list(value), rng))
    if isinstance(value, dict):
        return {key: varied(inner, rng) for key, inner in value.items()}
    return value


def _resized(items: list[Any], rng: np.random.Generator) -> list[Any]:
    """Some of them, some twice, perhaps in another order; up to twice as many."""
    if not items:
        return []
    size = min(_MOST, int(rng.integers(0, 2 * len(items) + 1)))
    kept = [items[i % len(items)] for i in range(size)]
    if rng.random() < 0.5:
        kept = [kept[int(i)] for i in rng.permutation(len(kept))]
    return kept
