"""What runs on behalf of a test."""

from __future__ import annotations

import os
import time

from ttc.sandbox.child import tree

_there: set[int] = set()
"""Those of other tests in this process: servers that they share, workers of joblib."""


def begin() -> None:
    """From here on, only what is started anew is running, and what that starts."""
    _there.clear()
    _there.update(one.pid for one in tree.descendants(os.getpid()))


def running() -> dict[int, int]:
    """Living processes under this one that a test has started, with their parents."""
    skipped = set(_there)
    found = {}
    for one in tree.descendants(os.getpid()):
        if one.parent in skipped or one.pid in skipped:
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
