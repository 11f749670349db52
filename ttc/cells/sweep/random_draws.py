"""Random search: values of keys, drawn from a seed.

The names are those of scipy.stats and Ray Tune (choice, uniform, loguniform), with whole numbers
beside them. Each key has a stream of its own and each draw takes the next of it, so more cells keep
those that were there, and another key leaves the values of this one alone.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Draw = Callable[["np.random.Generator"], Any]
_TRIES = 100
"""Draws for each cell that is wanted, before a space counts as used up."""
_DIGITS = 6
"""Significant digits of a drawn number: names and commands stay short."""


def _uniform(low: float, high: float) -> Draw:
    return lambda generator: _short(low + (high - low) * generator.random())


def _loguniform(low: float, high: float) -> Draw:
    return lambda generator: _short(low * (high / low) ** generator.random())


def _integers(low: float, high: float) -> Draw:
    first, last = int(low), int(high)

    def draw(generator: np.random.Generator) -> int:
        return int(generator.integers(first, last, endpoint=True))

    return draw


def _logintegers(low: float, high: float) -> Draw:
    """Whole numbers, about as many of each power of two."""
    first, last = low - 0.5, high + 0.5

    def draw(generator: np.random.Generator) -> int:
        found = round(float(first * (last / first) ** generator.random()))
        return min(max(found, int(low)), int(high))

    return draw


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


RANGES = {
    "uniform": _uniform,
    "loguniform": _loguniform,
    "integers": _integers,
    "logintegers": _logintegers,
}
"""By name, of two bounds, which both may be drawn."""
NAMES = ("choice", *RANGES)


def read_draw(told: Any) -> Draw:
    """How a key is drawn: a list to choose from, or `{uniform: [low, high]}` and the like.

    Raises `ValueError` with what is expected.
    """
    if isinstance(told, list):
        told = {"choice": told}
    if not isinstance(told, Mapping) or len(told) != 1 or next(iter(told)) not in NAMES:
        raise ValueError(f"expected a list to choose from, or one of {', '.join(NAMES)}")
    ((name, given),) = told.items()
    if name == "choice":
        if not isinstance(given, list) or not given:
            raise ValueError("expected a list of values to choose from")
        return lambda generator: given[int(generator.integers(len(given)))]
    return RANGES[name](*_bounds(name, given))


def _bounds(name: str, given: Any) -> tuple[float, float]:
    numbers = isinstance(given, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in given
    )
    if not numbers or len(given) != 2 or not given[0] < given[1]:
        raise ValueError(f"expected two numbers, the smaller first: {name}: [low, high]")
    low, high = given
    if name.startswith("log") and low <= 0:
        raise ValueError(f"{name} needs bounds above 0")
    if name.endswith("integers") and not all(float(one).is_integer() for one in given):
        raise ValueError(f"{name} needs whole numbers")
    if max(map(abs, given)) >= 2**53 or not math.isfinite(high / low if low else high):
        raise ValueError(f"{name}: bounds are too far apart")
    return low, high


def drawn(draws: Mapping[str, Draw], cells: int, seed: int) -> list[dict[str, Any]]:
    """So many different draws of all keys; fewer where there are no more."""
    import numpy as np

    streams = {
        key: np.random.default_rng([seed, zlib.crc32(key.encode("utf-8", "replace"))])
        for key in draws
    }
    found: dict[str, dict[str, Any]] = {}
    for _ in range(_TRIES * cells):
        if len(found) == cells:
            break
        one = {key: draw(streams[key]) for key, draw in draws.items()}
        found.setdefault(json.dumps(one, sort_keys=True), one)
    return list(found.values())
