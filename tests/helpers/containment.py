"""What runs on behalf of a test."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from ttc.sandbox.child import tree


def running() -> dict[int, int]:
    """Living processes under this one, with their parents; without the servers that other tests of
    this process share.
    """
    skipped: set[int] = set()
    found = {}
    for one in tree.descendants(os.getpid()):
        command = b""
        with suppress(OSError):
            command = Path(f"/proc/{one.pid}/cmdline").read_bytes()
        if one.parent in skipped or b"forking" in command or b"serve-model" in command:
            skipped.add(one.pid)
        else:
            found[one.pid] = one.parent
    return found


def alive(pid: int) -> bool:
    one = tree._process(pid)
    return one is not None and one.state not in "ZX"


def gone(pids: set[int], limit_s: float = 20.0) -> bool:
    """They ended, if need be within a while."""
    deadline = time.monotonic() + limit_s
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
