"""The gentle end of a run: no call is sent any more, and those under way come to the journal.

Whatever is under way is paid for, so ending it at once would buy the same samples again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from ttc.engine.gate import Gate
from ttc.engine.router import Router

log = logging.getLogger(__name__)
_LOOK_S = 0.02  # between looks whether calls are still under way
_STEPS = 8  # of the event loop, in which callers take their answers to the journal


class Drain:
    """Of all models of a run. Belongs to one event loop."""

    def __init__(
        self,
        gate: Gate,
        routers: Sequence[Router],
        flush: Callable[[], Awaitable[None]],
        moving: Callable[[], int] = lambda: 0,
    ) -> None:
        """gate: what all calls pass; routers: those of the models, also later ones; flush: waits
        for the journal's disk; moving: batches that are just being submitted or read.
        """
        self._gate = gate
        self._routers = routers
        self._flush = flush
        self._moving = moving
        self._until: float | None = None

    @property
    def in_flight(self) -> int:
        """Calls that were sent and not answered; of those that wait in batches only what moves."""
        endpoints = {e for router in self._routers for e in router.endpoints if not e.batches}
        return sum(endpoint.in_flight for endpoint in endpoints) + self._moving()

    def begin(self, seconds: float, hint: str = "") -> None:
        """Send nothing from now on; what waits for a place waits until it is cancelled.

        The time for calls under way runs from here, and ends with that of an earlier `begin`.
        """
        self._gate.held = True
        until = asyncio.get_running_loop().time() + seconds
        news = self._until is None or bool(hint)
        self._until = until if self._until is None else min(until, self._until)
        if news and self.in_flight and seconds > 0:
            calls = "1 call" if self.in_flight == 1 else f"{self.in_flight} calls"
            text = f"finishing {calls} under way, at most {seconds:.2g} s{hint}"
            log.info("%s", text, extra={"event": "stopping"})

    async def wait(self) -> None:
        """Until all calls under way are in the journal, or their time is up."""
        assert self._until is not None, "begin comes first"
        loop = asyncio.get_running_loop()
        while self.in_flight and loop.time() < self._until:
            await asyncio.sleep(_LOOK_S)
        await self._pass()
        await self._flush()
        await self._pass()  # and count what they brought

    async def _pass(self) -> None:
        for _ in range(_STEPS):
            await asyncio.sleep(0)
