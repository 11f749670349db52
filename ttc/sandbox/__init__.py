"""Programs of models, contained: each in a process of its own, without network, within limits.

Model-written code is never evaluated in ttc's own process. `execute` runs a `Program` and says what
came of it; three levels of isolation have fixed meanings (`docs/reference/sandbox.md`), and a
weaker one is taken only when asked for by name.
"""

from __future__ import annotations

from ttc.core import Executed, Isolation, Limits, Program
from ttc.sandbox.choosing import settled
from ttc.sandbox.errors import NoIsolation, SandboxError
from ttc.sandbox.levels import FULL, LEVELS
from ttc.sandbox.running import contained

__all__ = [
    "FULL",
    "LEVELS",
    "Executed",
    "Isolation",
    "Limits",
    "NoIsolation",
    "Program",
    "SandboxError",
    "execute",
]


async def execute(program: Program, isolation: Isolation | None = None) -> Executed:
    """Run a program, and say what came of it; nothing of it is left when this returns.

    isolation: None takes the strongest level of this machine that shuts out its network and its
    files, which was tried first. Raises `NoIsolation` where there is none, or the one asked for
    can't be had, with what would help; `SandboxError` where the sandbox itself fails. What goes
    wrong in the program is in `Executed`. Cancelling kills the program. At `landlock` and `process`
    the program's files lie in the machine's temporary folder (TMPDIR) meanwhile.
    """
    return await contained(program, await settled(isolation))
