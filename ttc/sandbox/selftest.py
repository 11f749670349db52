"""A program that tries what no program may, to see that a level of isolation holds here."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttc.core import Isolation, Limits, Program
from ttc.sandbox.errors import SandboxError
from ttc.sandbox.levels import environment
from ttc.sandbox.running import contained

# Each attempt comes to its end when it got through; its name says what was to be refused.
_ATTEMPTS = """
import json, os, socket, sys

given = json.load(sys.stdin)

def network():
    socket.create_connection(("127.0.0.1", given["port"]), timeout=5)

def reading_outside():
    open(given["canary"]).read()

def reading_home():
    open(given["home"]).read(1)

def writing_outside():
    open(given["canary"] + ".new", "w")

def removing_outside():
    os.remove(given["canary"])

def signalling_outside():
    os.kill(given["parent"], 0)
    assert given["parent"] > 9  # a namespace of its own has such numbers too

def seeing_processes():
    open(f"/proc/{given['parent']}/cmdline").read()
    assert given["parent"] > 9

through = []
for attempt in (network, reading_outside, reading_home, writing_outside, removing_outside,
                signalling_outside, seeing_processes):
    try:
        attempt()
        through.append(attempt.__name__)
    except (OSError, AssertionError):
        pass
print(json.dumps({"through": through, "names": list(os.environ), "folder": os.listdir(".")}))
"""
CHECKS = (
    "network", "reading_outside", "reading_home", "writing_outside", "removing_outside",
    "signalling_outside", "seeing_processes", "environment", "folder",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """Those of `CHECKS` that got through at a level: none where it shuts a program in."""

    through: tuple[str, ...]
    seconds: float

    @property
    def holds(self) -> bool:
        return not self.through


_known: dict[Isolation, Tried] = {}


async def tried(isolation: Isolation) -> Tried:
    """What a level lets through; found out once in this process.

    Raises `SandboxError` where programs can't run at it at all, `NoIsolation` where it lacks
    something.
    """
    if isolation not in _known:
        loop = asyncio.get_running_loop()
        start = loop.time()
        with _targets() as given:
            limits = Limits(wall_s=60.0, cpu_s=30.0)
            program = Program(_ATTEMPTS, stdin=json.dumps(given), limits=limits)
            done = await contained(program, isolation)
        if not done.succeeded:
            said = f"{done.ended}: {done.stderr.strip()[-500:]}"
            raise SandboxError(f"the isolation {isolation!r} can't run Python here ({said})")
        _known[isolation] = Tried(_through(json.loads(done.stdout)), loop.time() - start)
    return _known[isolation]


@contextmanager
def _targets() -> Iterator[dict[str, Any]]:
    """A listening socket and files of ours, which a program should not get at."""
    with (
        tempfile.TemporaryDirectory(prefix="ttc-selftest-") as folder,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        os.chmod(folder, 0o755)
        temporary = Path(folder) / "canary"
        temporary.write_text("outside", encoding="utf-8")
        yield {
            "canary": str(temporary),
            "home": _file_at_home() or str(temporary),
            "port": listening.getsockname()[1],
            "parent": os.getpid(),
        }


def _file_at_home() -> str | None:
    try:
        return next((str(one) for one in sorted(Path.home().iterdir()) if one.is_file()), None)
    except (OSError, RuntimeError):  # a user of a container may have no home
        return None


def _through(seen: dict[str, Any]) -> tuple[str, ...]:
    through = list(seen["through"])
    if set(seen["names"]) - set(environment()) - {"LC_CTYPE"}:  # Python adds that one itself
        through.append("environment")
    if seen["folder"]:
        through.append("folder")
    return tuple(through)
