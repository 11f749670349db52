"""Gives the calls of one model their places at its servers: whose turn it is, where, and when."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ttc.engine.endpoint import Endpoint, Lease
from ttc.engine.events import Events
from ttc.errors import BackendError, CallFailed, RetryableError

Check = Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class _Waiter:
    tokens: float
    place: asyncio.Future[Lease]


class Router:
    """First come, first served, at the least loaded server that is well. Belongs to one event loop.

    Servers may be shared with other routers. `check` asks an ill server how it is before a call is
    risked on it.
    """

    def __init__(
        self, endpoints: Sequence[Endpoint], max_outage_s: float, events: Events, check: Check
    ) -> None:
        self.endpoints = list(endpoints)
        self._longest = max_outage_s
        self._events = events
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._checks: dict[str, asyncio.Task[None]] = {}
        for endpoint in self.endpoints:
            endpoint.serve(self._waiting, self._dispatch)

    @asynccontextmanager
    async def lend(self, tokens: float, *, again: bool = False) -> AsyncIterator[Lease]:
        """A place for one call; how the call ends tells how the server is.

        tokens: the most it may use; again: tried before, so it goes to the head of the queue.
        Raises `BackendError` when all servers have been down for too long.
        """
        lease = await self._place(tokens, again)
        endpoint = lease.endpoint
        try:
            yield lease
        except RetryableError as error:
            endpoint.failed(lease, error, self._loop.time(), alone=not self._others(endpoint))
            raise
        except CallFailed:
            endpoint.answered(lease, self._loop.time())
            raise
        else:
            endpoint.answered(lease, self._loop.time())
        finally:
            endpoint.release(lease)

    def _others(self, endpoint: Endpoint) -> bool:
        """Whether a call could go elsewhere, as far as is known."""
        return any(e.breaker.state == "closed" for e in self.endpoints if e is not endpoint)

    async def _place(self, tokens: float, again: bool) -> Lease:
        waiter = _Waiter(tokens, self._loop.create_future())
        if again:
            self._waiting.appendleft(waiter)
        else:
            self._waiting.append(waiter)
        self._dispatch()
        try:
            return await waiter.place
        except asyncio.CancelledError:
            if waiter.place.done() and not waiter.place.cancelled():
                lease = waiter.place.result()
                lease.endpoint.release(lease)
            raise

    def _dispatch(self) -> None:
        """Give out the places that are free, and see to it that this is called again in time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            waiter = self._waiting[0]
            now = self._loop.time()
            if waiter.place.done():  # its call was cancelled
                self._waiting.popleft()
                continue
            endpoint, later = self._choose(waiter.tokens, now)
            if endpoint is None:
                self._wait(later, now)
                break
            self._waiting.popleft()
            waiter.place.set_result(endpoint.take(waiter.tokens, now))
        for each in self.endpoints:
            self._show(each)

    def _choose(self, tokens: float, now: float) -> tuple[Endpoint | None, float]:
        """The least loaded server that is ready, or when one may be (inf: after a release)."""
        later, ready = math.inf, []
        for endpoint in self.endpoints:
            breaker = endpoint.breaker
            if breaker.state == "open":
                if breaker.retry_at <= now:
                    self._start_check(endpoint)
                else:
                    later = min(later, breaker.retry_at)
                continue
            at = endpoint.ready_at(tokens, now)
            if at <= now:
                ready.append(endpoint)
            later = min(later, at)
        if not ready:
            return None, later
        return min(ready, key=lambda e: (e.in_flight / e.limit.value, e.state.calls)), now

    def _wait(self, later: float, now: float) -> None:
        """Nothing is free: come back when something may be, or end the wait when it is too long."""
        over = max(e.gives_up_at(now, self._longest) for e in self.endpoints)
        if over <= now:
            self._give_up()
            return
        at = min(later, over)
        if math.isfinite(at):
            self._timer = self._loop.call_at(at, self._dispatch)

    def _give_up(self) -> None:
        """Tell all that wait why nothing will come. Each gets an error of its own to raise."""
        said = "; ".join(
            e.pause_reason if e.breaker.state == "closed" else e.breaker.last_error
            for e in self.endpoints
        )
        while self._waiting:
            place = self._waiting.popleft().place
            if not place.done():
                place.set_exception(
                    BackendError(
                        f"{said}; no server will take a call within {self._longest:g} s "
                        "(engine.max_outage_s); what was completed is kept, run again to go on"
                    )
                )

    def _start_check(self, endpoint: Endpoint) -> None:
        running = self._checks.get(endpoint.name)
        if running is None or running.done():
            self._checks[endpoint.name] = self._loop.create_task(self._checked(endpoint))

    async def _checked(self, endpoint: Endpoint) -> None:
        try:
            await self._check(endpoint.name)
        except Exception:  # whatever is wrong, the server goes on resting
            endpoint.breaker.try_again()
            # What the calls ran into says more than that the check failed too.
            endpoint.breaker.failed(self._loop.time(), endpoint.breaker.last_error)
        else:
            endpoint.breaker.try_again()
        self._dispatch()

    def _show(self, endpoint: Endpoint) -> None:
        if endpoint.show():
            self._events.changed()

    async def close(self) -> None:
        """End the health checks."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._checks.values():
            task.cancel()
        await asyncio.gather(*self._checks.values(), return_exceptions=True)
