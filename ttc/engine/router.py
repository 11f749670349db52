"""Gives the calls of one model their places at its servers: whose turn it is, where, and when."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ttc.engine.endpoint import Endpoint, Lease
from ttc.engine.events import Events
from ttc.engine.gate import Gate
from ttc.errors import BackendError, CallFailed, RetryableError

T = TypeVar("T")
Check = Callable[[str], Awaitable[None]]
_FEW = 4  # problems; where no more fail, it may be their own fault


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    """One call that waits for a place, and then for its answer. at: who works on it by now."""

    tokens: float
    work: Callable[[Lease], Awaitable[T]]
    answer: asyncio.Future[T]
    at: asyncio.Task[None] | None = None


class Router:
    """First come, first served, at the least loaded server that is well. Belongs to one event loop.

    Servers may be shared with other routers. `check` asks an ill server how it is before a call is
    risked on it.

    Whoever is done with a call goes on with the next one that waits, in the same step of the loop.
    Were each caller woken up to send its own call, a server's place would stay empty while the loop
    goes through all that has happened meanwhile, which takes longer the more is in flight.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        max_outage_s: float,
        events: Events,
        check: Check,
        gate: Gate | None = None,
    ) -> None:
        """gate: of the run; while it is closed, calls wait for it."""
        self.endpoints = list(endpoints)
        self._longest = max_outage_s
        self._gate = gate or Gate()
        self._events = events
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Job[Any]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._looking = False  # whether a worker asks for its next call at the moment
        self._next: tuple[_Job[Any], Lease] | None = None
        for endpoint in self.endpoints:
            endpoint.serve(self._waiting, self._dispatch)

    async def send(
        self, tokens: float, work: Callable[[Lease], Awaitable[T]], *, again: bool = False
    ) -> T:
        """What `work` returns or raises, which is given a place for one call.

        tokens: the most it may use; again: tried before, so it goes to the head of the queue. How
        the call ends tells how the server is. Whoever cancels the wait cancels the work.

        Raises `BackendError` when all servers have been down for too long.
        """
        job: _Job[T] = _Job(tokens, work, self._loop.create_future())
        if again:
            self._waiting.appendleft(job)
        else:
            self._waiting.append(job)
        self._dispatch()
        try:
            return await job.answer
        except asyncio.CancelledError:
            if job.at is not None:
                job.at.cancel()
            raise

    async def beside(
        self, endpoint: Endpoint, tokens: float, work: Callable[[], Awaitable[T]]
    ) -> T:
        """What `work` returns or raises: one call to a server, which waits for no turn.

        It counts as under way like any other. Where nothing is to be sent any more, it waits until
        it is cancelled.
        """
        await self._gate.passed()
        if self._gate.held:
            await self._loop.create_future()
        lease = endpoint.take(tokens, self._loop.time())
        try:
            return await work()
        finally:
            endpoint.release(lease)

    async def _work_off(self, job: _Job[Any], lease: Lease) -> None:
        """Do a job and then whatever else waits, for as long as there is a place for it."""
        current: tuple[_Job[Any], Lease] | None = (job, lease)
        while current is not None:
            job, lease = current
            job.at = asyncio.current_task()
            try:
                await self._do(job, lease)
            except BaseException:  # the job was cancelled, and with it this worker
                job.answer.cancel()
                lease.endpoint.release(lease)
                raise
            finally:
                job.at = None
            current = self._released(lease)

    async def _do(self, job: _Job[Any], lease: Lease) -> None:
        endpoint = lease.endpoint
        if job.answer.done():  # cancelled between getting its place and the first step
            return
        try:
            found = await job.work(lease)
        except Exception as error:
            if isinstance(error, RetryableError):
                alone = not self._others(endpoint)
                endpoint.failed(lease, error, self._loop.time(), alone=alone)
            elif isinstance(error, CallFailed) or getattr(error, "refused", None) is not None:
                endpoint.answered(lease, self._loop.time())
            if not job.answer.done():
                job.answer.set_exception(error)
        else:
            endpoint.answered(lease, self._loop.time())
            if not job.answer.done():
                job.answer.set_result(found)

    def _released(self, lease: Lease) -> tuple[_Job[Any], Lease] | None:
        """Give a place back; the job to go on with."""
        self._looking = True
        try:
            lease.endpoint.release(lease)
        finally:
            self._looking = False
        found, self._next = self._next, None
        return found

    def _start(self, job: _Job[Any], lease: Lease) -> None:
        if self._looking and self._next is None:
            self._next = job, lease
            return
        worker = self._loop.create_task(self._work_off(job, lease))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    def _others(self, endpoint: Endpoint) -> bool:
        """Whether a call could go elsewhere, as far as is known."""
        return any(e.breaker.state == "closed" for e in self.endpoints if e is not endpoint)

    def _dispatch(self) -> None:
        """Give out the places that are free, and see to it that this is called again in time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting and not self._gate.held and not self._gate.closed:
            job = self._waiting[0]
            now = self._loop.time()
            if job.answer.done():  # its call was cancelled
                self._waiting.popleft()
                continue
            endpoint, later = self._choose(job.tokens, now)
            if endpoint is None:
                self._wait(later, now)
                break
            self._waiting.popleft()
            self._start(job, endpoint.take(job.tokens, now))
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
        few = all(0 < len(e.breaker.whose) <= _FEW for e in self.endpoints)
        hint = "; where only some prompts fail, engine.give_up: record goes on without them"
        while self._waiting:
            answer = self._waiting.popleft().answer
            if not answer.done():
                answer.set_exception(
                    BackendError(
                        f"{said}; no server will take a call within {self._longest:g} s "
                        "(engine.max_outage_s); what was completed is kept, run again to go on"
                        f"{hint if few else ''}"
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

    def change(self, max_outage_s: float) -> None:
        """Wait so long for servers that are down from now on."""
        self._longest = max_outage_s
        self._dispatch()

    def wake(self) -> None:
        """The gate is open again, or there may be more places."""
        self._dispatch()

    async def close(self) -> None:
        """End the health checks, and the calls that nobody waits for any more."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [*self._checks.values(), *self._workers]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
