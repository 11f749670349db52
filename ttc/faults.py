"""What is wrong in a recipe, where, in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ttc.errors import RecipeError
from ttc.redact import HIDDEN
from ttc.secret_names import like_a_key
from ttc.secret_values import without_secrets

KeyPath = tuple[str | int, ...]
"""A key path: `("verifiers", 0, "prompt")`."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend. `line` only where it is not the line of the path's key."""

    path: KeyPath
    text: str
    line: int | None = None


def dotted(path: KeyPath) -> str:
    """`verifiers[0].prompt`."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            step = HIDDEN if like_a_key(step) else step
            shown = step if step.isprintable() and len(step) <= 60 else ascii(step)[:60]
            out += f".{shown}" if out else shown
    return out


def report(faults: Iterable[Fault], where: Callable[[Fault], str]) -> RecipeError:
    """All faults in one error, one a line; `where` says file and line, or the override.

    No secret stands in it: what a recipe has under a name like a key's is remembered before.
    """
    lines = []
    for fault in faults:
        key = dotted(fault.path)
        lines.append(
            f"{where(fault)}: {key}: {fault.text}" if key else f"{where(fault)}: {fault.text}"
        )
    return RecipeError(without_secrets("\n".join(dict.fromkeys(lines))))
