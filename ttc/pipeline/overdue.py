"""Ends a run that a plug-in keeps from ending: code that blocks hears nothing but signals.

An event loop can't interrupt `while True` or `time.sleep`, so a timer of the system does: when the
run's time and a grace are up and the loop has not turned for a while, the plug-in's own code is
made to raise. What was answered by then is kept, as after any other error. A plug-in that goes on
all the same (`except: pass`) ends the process; the journal is durable. One that waits in a thread
of its own, or in C code that ignores signals, is out of reach.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ttc.attempt.checking import overdue
from ttc.plugins import plugin_in
from ttc.terminal import say

_BEAT_S = 0.25
_STUCK_S = 2.0
_MOST = 10
EXIT = 75
"""Exit code of a process that nothing else ends."""


@contextmanager
def no_longer_than(seconds: float | None) -> Iterator[None]:
    """Watch the block, which is the main thread's and runs in the event loop.

    seconds: from now; None for no limit. Raises `PluginError`, inside the plug-in's code.
    """
    usable = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if seconds is None or not usable or signal.getsignal(signal.SIGALRM) != signal.SIG_DFL:
        yield
        return
    watch = _Watch()
    beating = asyncio.get_running_loop().create_task(watch.beat())
    signal.signal(signal.SIGALRM, watch.ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        beating.cancel()


class _Watch:
    def __init__(self) -> None:
        self._last = time.monotonic()
        self._rung = 0

    async def beat(self) -> None:
        """Note that the loop turns."""
        while True:
            self._last = time.monotonic()
            await asyncio.sleep(_BEAT_S)

    def ring(self, number: int, frame: FrameType | None) -> None:
        """The timer's handler; what it raises arises where the main thread is."""
        plugin = plugin_in(frame)
        if plugin is None or time.monotonic() - self._last < _STUCK_S:
            return
        self._rung += 1
        error = overdue(plugin)
        if self._rung > _MOST:
            say(f"Error: {error}", error=True)
            os._exit(EXIT)
        raise error
