"""Values that no key of a recipe can mean, whatever it is: found in the plain data, all at once.

Fields have bounds of their own where a number is too much sooner; these keep what comes behind
(file systems, databases, machine numbers) from having to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttc.faults import Fault, KeyPath

MOST = 1e60


def strange_values(data: Any) -> Iterator[Fault]:
    """Numbers beyond what machines count with, and texts with a NUL, which no path may have."""
    stack: list[tuple[KeyPath, Any]] = [((), data)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if "\0" in key:
                    yield Fault(path, "a key with a NUL character")
                stack.append(((*path, key), inner))
        elif isinstance(value, list):
            stack += [((*path, i), inner) for i, inner in enumerate(value)]
        elif isinstance(value, str) and "\0" in value:
            yield Fault(path, "a text with a NUL character")
        elif isinstance(value, int | float) and not abs(value) <= MOST:
            yield Fault(path, f"must be a number up to {MOST:g} in size")
