"""Whether a run's calls may be sent: not while the run is paused, nor once it is to end."""

from __future__ import annotations

import asyncio


class Gate:
    """Of all models of a run, also of those that are opened later. Belongs to one event loop. What
    was sent before goes on.
    """

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._closed_at = 0.0
        self.held = False
        """Whether nothing is to be sent any more: who waits, waits until it is cancelled."""

    @property
    def closed(self) -> bool:
        """Whether nothing is to be sent."""
        return not self._open.is_set()

    async def passed(self) -> None:
        """Wait until calls may be sent."""
        await self._open.wait()

    def close(self, now: float) -> None:
        """Let nothing through from now on (loop time)."""
        if not self.closed:
            self._closed_at = now
            self._open.clear()

    def open(self, now: float) -> float:
        """Let everything through again; the seconds for which nothing was."""
        if not self.closed:
            return 0.0
        self._open.set()
        return now - self._closed_at
