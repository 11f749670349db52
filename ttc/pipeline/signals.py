"""Ctrl-C and SIGTERM: what is paid for is kept first, unless the signal comes twice."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ttc.engine.engine import Engine

_DEFAULTS: dict[int, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
_AGAIN = "; Ctrl-C again to stop at once"


class Stop:
    """What signals ask of a run. Its first one lets calls under way end, its second does not.

    While no engine is followed, a signal raises `KeyboardInterrupt` as Ctrl-C does anywhere; so
    does the third one, should even a cancelled run not end.
    """

    def __init__(self) -> None:
        self.signal = 0
        """Number of the signal that came last; 0 for none."""
        self.asked = False
        """Whether somebody asked by `ask`."""
        self._signals = 0
        self._process = os.getpid()
        self._engine: Engine | None = None
        self._main: asyncio.Task[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gentle: asyncio.Task[None] | None = None
        self._begun: Callable[[], None] | None = None
        self._ended = False

    def gently(self) -> bool:
        """As Ctrl-C does, and the second time as the second one; in the loop's thread, where one
        turns. Whether that was news.
        """
        if self._loop is None:
            self.ask()
            return True
        if self._signals > 1:
            return False
        self.signal = signal.SIGINT
        self._signals += 1
        (self._begin if self._signals == 1 else self._end)()
        return True

    def ask(self) -> None:
        """Stop before the first call, where none was sent yet; from any thread."""
        self.asked = True

    @contextmanager
    def of(self, engine: Engine, begun: Callable[[], None]) -> Iterator[None]:
        """Stop the block, which is the running task's, by cancelling that once calls are kept.

        begun: called when it is to stop.
        Raises `KeyboardInterrupt` at its end where a signal came that the block did not notice, and
        at its beginning where it was to stop before.
        """
        if self.asked:
            raise KeyboardInterrupt
        self._engine, self._main, self._begun = engine, asyncio.current_task(), begun
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self._loop = None
            if self._gentle is not None:
                self._gentle.cancel()
        if self._signals:
            raise KeyboardInterrupt

    def came(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        if os.getpid() != self._process:  # a child that was forked meanwhile is none of ours
            signal.signal(number, _DEFAULTS[number])
            os.kill(os.getpid(), number)
            return
        self.signal = number
        loop = self._loop
        if loop is None or self._signals > 1:
            raise KeyboardInterrupt
        self._signals += 1
        loop.call_soon_threadsafe(self._begin if self._signals == 1 else self._end)

    def _begin(self) -> None:
        if self._loop is not None:
            if self._begun is not None:
                self._begun()
            self._gentle = self._loop.create_task(self._finish())

    async def _finish(self) -> None:
        assert self._engine is not None, "signals before that raise"
        await self._engine.finish_calls(hint=_AGAIN)
        self._end()

    def _end(self) -> None:
        if not self._ended and self._loop is not None and self._main is not None:
            self._ended = True
            self._main.cancel()


@contextmanager
def stopping() -> Iterator[Stop]:
    """Handle the signals within the block, where they are as Python set them up."""
    stop = Stop()
    ours = []
    if threading.current_thread() is threading.main_thread():
        ours = [n for n, usual in _DEFAULTS.items() if signal.getsignal(n) == usual]
    for number in ours:
        signal.signal(number, stop.came)
    try:
        yield stop
    finally:
        for number in ours:
            signal.signal(number, _DEFAULTS[number])
