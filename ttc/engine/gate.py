"""Whether a run's calls may be sent: closed while the run is paused."""

from __future__ import annotations

import asyncio


class Gate:
    """Of all models of a run. Belongs to one event loop. What was sent before goes on."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._closed_at = 0.0

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
