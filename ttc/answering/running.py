"""Runs an application in this event loop until a signal, then lets what is under way end."""

from __future__ import annotations

import asyncio
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from ttc.serve.protocol import config_of


class _Gentle(uvicorn.Server):
    """Uvicorn raises the signals that it caught once more at its end, which would cancel what is
    still to be kept then.
    """

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready, self._stopping = ready, stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def came(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)
            loop.call_soon_threadsafe(self._stopping)

        before = {n: signal.signal(n, came) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


async def run_app(
    app: Any,
    listener: socket.socket,
    ready: Callable[[], None],
    stopping: Callable[[], None],
    grace: float,
) -> None:
    """Serve until SIGINT or SIGTERM, then at most `grace` seconds more for what is under way.

    ready: called when requests are taken, and a signal ends that in order; whoever is told so may
    send one at once. stopping: called, in the loop, when the first signal has come. A second Ctrl-C
    waits for nothing.
    """
    config = config_of(app, lifespan="off", grace=math.ceil(grace))
    await _Gentle(config, ready, stopping).serve(sockets=[listener])
