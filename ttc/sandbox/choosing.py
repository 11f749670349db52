"""Which level a program runs at: never a weaker one than was asked for."""

from __future__ import annotations

from ttc.core import Isolation
from ttc.sandbox.errors import NoIsolation, SandboxError
from ttc.sandbox.levels import FULL, LEVELS
from ttc.sandbox.selftest import tried


async def settled(isolation: Isolation | None = None) -> Isolation:
    """The level asked for, or the strongest that holds here; each is tried once in this process.

    Raises `NoIsolation` that says why, and what would help.
    """
    if isolation is None:
        return await _strongest()
    if isolation not in LEVELS:
        raise NoIsolation(f"no isolation {isolation!r}; there are {', '.join(LEVELS)}")
    if isolation in FULL:
        await _assure(isolation)
    return isolation


async def _assure(isolation: Isolation) -> None:
    result = await tried(isolation)
    if not result.holds:
        names = ", ".join(result.through).replace("_", " ")
        raise NoIsolation(f"the isolation {isolation!r} does not hold here: it let {names} through")


async def _strongest() -> Isolation:
    reasons = []
    for isolation in FULL:
        try:
            await _assure(isolation)
        except SandboxError as error:
            reasons.append(f"{isolation}: {error}")
        else:
            return isolation
    raise NoIsolation(
        "programs of models can't be shut in on this machine, so none was run. "
        + ". ".join(reasons)
        + ". What would help: `ttc doctor sandbox`. The isolation 'process' limits what a program "
        "uses, but leaves network and files open; it is used only where it is asked for by name"
    )
