"""The parts of a recipe as far as they are valid by themselves, for checks across them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ttc.faults import KeyPath
from ttc.registry import MethodPart, Part, inner_parts, walk_models

Valid = Mapping[str, Any]
"""The recipe's fields that are valid by themselves; checks skip what is not among them."""


def every_part(valid: Valid) -> Iterator[tuple[KeyPath, Part]]:
    """All parts, and all inside them, with their key paths."""
    pending: list[tuple[KeyPath, Any]] = []
    for field, value in valid.items():
        if isinstance(value, tuple):
            pending += [((field, i), one) for i, one in enumerate(value)]
        else:
            pending.append(((field,), value))
    while pending:
        at, part = pending.pop(0)
        if isinstance(part, Part):
            yield at, part
            pending += [((*at, *inside), inner) for inside, inner in inner_parts(part)]


def methods(
    valid: Valid,
) -> Iterator[tuple[KeyPath, MethodPart, KeyPath | None, Mapping[str, Any]]]:
    """The sampler, the verifiers, and all methods inside them; see `walk_models`."""
    tops: list[tuple[KeyPath, Any]] = [(("sampler",), valid.get("sampler"))]
    tops += [(("verifiers", i), one) for i, one in enumerate(valid.get("verifiers") or ())]
    for at, top in tops:
        if top is not None:
            yield from walk_models(top, at, valid.get("backend"))
