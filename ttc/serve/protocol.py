"""HTTP with deadlines: a connection that says nothing, or too slowly, must not be held for ever."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from ttc.serve.listening import KEEP_ALIVE_S, MOST_CONNECTIONS

HEAD_S = 15.0
"""Seconds from a connection, or from its last reply, to the end of a request's headers."""
SEND_S = 60.0
"""Seconds for which a client may leave what was sent to it unread."""


def config_of(app: Any, *, lifespan: Literal["on", "off"], grace: int) -> uvicorn.Config:
    """How our servers listen. grace: seconds for what is under way when one is to end."""
    return uvicorn.Config(
        app,
        http=DeadlineProtocol,
        log_level="warning",
        access_log=False,
        lifespan=lifespan,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=grace,
    )


class DeadlineProtocol(H11Protocol):
    """Closes connections whose head, or whose reading of a reply, takes too long.

    No byte on the way prolongs a deadline: that is how one slow client could hold a connection.
    """

    _due: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._due, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(SEND_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait_for_head(self) -> None:
        waiting = self.conn.their_state is h11.IDLE and not self.transport.is_closing()
        if waiting and self._due is None:
            self._due = self.loop.call_later(HEAD_S, self.transport.abort)
        elif not waiting and self._due is not None:
            self._due.cancel()
            self._due = None
