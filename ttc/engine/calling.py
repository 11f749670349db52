"""One call to a backend: its place at a server, its time-outs and its tries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from ttc.budget.ledger import Ledger
from ttc.core import Backend, Call, Completion, RemoteBackend
from ttc.engine.endpoint import Lease
from ttc.engine.events import Events
from ttc.engine.router import Router
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, BudgetExhausted, CallFailed, RetryableError


class Caller:
    """Sends the calls of one model."""

    def __init__(
        self,
        backend: Backend,
        router: Router,
        settings: EngineSettings,
        events: Events,
        ledger: Ledger,
        before: Callable[[], None] | None = None,
    ) -> None:
        """before: called with every call that is about to be sent."""
        self._backend = backend
        self._remote = backend if isinstance(backend, RemoteBackend) else None
        self._router = router
        self._settings = settings
        self._events = events
        self._ledger = ledger
        self._before = before

    async def call(self, call: Call, tokens: int) -> list[Completion]:
        """At least one completion, or a record of why there can be none, for each sample.

        tokens: the most that the call may use. Raises `BudgetExhausted` when the run's time is up,
        whatever the call is doing then, and `BackendError` for what ends the run.
        """
        left = self._ledger.seconds_left()
        if left is not None and left <= 0:
            raise BudgetExhausted("the run's time is up")
        if self._before is not None:
            self._before()
        try:
            async with asyncio.timeout(left):
                return await self._tried(call, tokens)
        except TimeoutError:
            raise BudgetExhausted("the run's time is up") from None
        except CallFailed as error:
            self._events.failed += len(call.seeds)
            return [Completion("", error.reason, 0, 0)] * len(call.seeds)

    async def _tried(self, call: Call, tokens: int) -> list[Completion]:
        tries = _Tries(self._settings)
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(RetryableError),
            stop=tries.over,
            wait=tries.pause,
            before_sleep=self._note_retry,
            reraise=True,
        )

        async def work(lease: Lease) -> list[Completion]:
            with tries:
                done = await self._attempt(call, lease.endpoint.name, tries.left)
            lease.used = max(c.prompt_tokens for c in done)
            lease.used += sum(c.completion_tokens for c in done)
            lease.longest = max(c.completion_tokens for c in done)
            return done

        try:
            async for attempt in retrying:
                with attempt:
                    # Waiting between tries must not hold a place that another call could use.
                    return await self._router.send(tokens, work, again=tries.made > 0)
        except RetryableError as error:
            raise BackendError(
                f"gave up after {tries.said}: {error}; what was completed is kept, run again to "
                "go on"
            ) from error
        raise AssertionError("unreachable")

    async def _attempt(self, call: Call, endpoint: str, left: float) -> list[Completion]:
        limit = min(self._settings.timeout_s, left)
        try:
            async with asyncio.timeout(limit):
                if self._remote is None:
                    done = await self._backend.complete(call)
                else:
                    done = await self._remote.complete_at(call, endpoint)
        except TimeoutError:
            raise RetryableError(f"no answer within {limit:g} s", None, "overloaded") from None
        if not done:
            raise RetryableError("the server returned no choices")
        return done[: len(call.seeds)]

    def _note_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._events.retried(str(error))


class _Tries:
    """The tries of one call: how many, how long with the pauses between them, and when no more.

    Time in the queue does not count: there the call waits for others, not for the server.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._jitter = wait_random_exponential(multiplier=0.5, max=settings.max_wait_s)
        self._spent = 0.0
        self._began = 0.0
        self.made = 0

    @property
    def left(self) -> float:
        """Seconds that a try may take."""
        return max(0.0, self._settings.max_total_s - self._spent)

    @property
    def said(self) -> str:
        tries = "1 try" if self.made == 1 else f"{self.made} tries"
        if self.made < self._settings.max_attempts:
            return f"{tries}, because more would take over {self._settings.max_total_s:g} s"
        return tries

    def __enter__(self) -> None:
        self._began = asyncio.get_running_loop().time()

    def __exit__(self, *error: object) -> None:
        self._spent += asyncio.get_running_loop().time() - self._began
        self.made += 1

    def pause(self, state: RetryCallState) -> float:
        """Jittered exponential back-off. The server's Retry-After holds all calls at its door."""
        return self._jitter(state)

    def over(self, state: RetryCallState) -> bool:
        """Whether the next try would be one too many or come too late; counts the pause in."""
        error = state.outcome.exception() if state.outcome else None
        wished = error.retry_after if isinstance(error, RetryableError) else None
        self._spent += max(state.upcoming_sleep, wished or 0.0)
        return self.made >= self._settings.max_attempts or self.left <= 0
