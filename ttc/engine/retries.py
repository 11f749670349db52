"""One call to a backend: its place at a server, its time-outs and its tries."""

from __future__ import annotations

import asyncio
import difflib
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from ttc.budget.allocation import Amounts
from ttc.budget.ledger import Ledger
from ttc.core import (
    Backend,
    Call,
    Completion,
    Message,
    Passage,
    Prompt,
    Reader,
    RemoteBackend,
    SamplingParams,
    fitted,
)
from ttc.core.batches import BatchBackend
from ttc.engine.batches.collector import Collector
from ttc.engine.batches.lines import Line
from ttc.engine.endpoint import Endpoint, Lease
from ttc.engine.events import Events
from ttc.engine.failures import GAVE_UP, REFUSED
from ttc.engine.router import Router
from ttc.engine.settings import EngineSettings, without_haste
from ttc.engine.token_bounds import token_bound
from ttc.errors import BackendError, BudgetExhausted, CallFailed, RetryableError
from ttc.redact import redact

# Some servers refuse a model that thinks fewer tokens than these.
_ENOUGH_TOKENS = 16
_ALIKE = 0.8  # of the words of two refusals; numbers and names of requests differ
_USUAL = ("stop", "length", "content_filter")


class Money(Protocol):
    """What a request costs; see `ttc.engine.tickets.Payment`."""

    async def ready(self) -> None: ...

    def sent(self) -> None: ...

    def failed(self, error: BaseException) -> None: ...

    @property
    def problem(self) -> str: ...

    @property
    def held(self) -> Amounts: ...

    def park(self, line: Line) -> None: ...


class Caller:
    """Sends the calls of one model."""

    def __init__(
        self,
        backend: Backend,
        router: Router,
        settings: EngineSettings,
        events: Events,
        ledger: Ledger,
        batches: Collector | None = None,
    ) -> None:
        """batches: where its calls wait, in place of being sent."""
        self._batches = batches
        self._backend = backend
        self._remote = backend if isinstance(backend, RemoteBackend) else None
        self._router = router
        self.change(settings)
        self._events = events
        self._ledger = ledger
        self._answered: defaultdict[str, float] = defaultdict(lambda: -math.inf)
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._ends: BackendError | None = None  # a refusal of whatever a server is asked

    def paid_by(self, ledger: Ledger) -> Caller:
        """One that sends the same way, within another ledger's time."""
        return Caller(
            self._backend, self._router, self._settings, self._events, ledger, self._batches
        )

    def change(self, settings: EngineSettings) -> None:
        """Go by other settings from the next call on."""
        self._settings = settings if self._batches is None else without_haste(settings)

    async def call(
        self, call: Call, tokens: int, money: Money | None = None, *, problem: str = ""
    ) -> list[Completion]:
        """At least one completion, or a record of why there can be none, for each sample.

        tokens: the most that the call may use; money: is told what becomes of each try, and waits
        for room before it; problem: whose call it is. Raises `BudgetExhausted` when the run's time
        is up, whatever the call is doing then, and `BackendError` for what ends the run.
        """
        left = self._ledger.seconds_left()
        if left is not None and left <= 0:
            raise BudgetExhausted("the run's time is up")
        try:
            async with asyncio.timeout(left):
                done = await self._tried(call, tokens, money, problem)
                return [_without_secrets(one) for one in done]
        except TimeoutError:
            raise BudgetExhausted("the run's time is up") from None
        except CallFailed as error:
            return _failed(call, redact(error.reason), redact(str(error)))

    async def _tried(
        self, call: Call, tokens: int, money: Money | None, problem: str
    ) -> list[Completion]:
        tries = _Tries(self._settings)

        async def work(lease: Lease) -> list[Completion]:
            tries.at, lease.whose = lease.endpoint, problem
            with tries:
                done = await self._attempt(call, lease.endpoint.name, tries.left, money)
            lease.used = max(c.prompt_tokens for c in done)
            lease.used += sum(c.completion_tokens for c in done)
            lease.longest = max(c.completion_tokens for c in done)
            self._answered[lease.endpoint.name] = asyncio.get_running_loop().time()
            return done

        async def once() -> list[Completion]:
            if money is not None:
                await money.ready()
            # Waiting between tries must not hold a place that another call could use.
            return await self._router.send(tokens, work, again=tries.made > 0)

        try:
            try:
                return await once()
            except RetryableError as error:
                return await self._again(once, tries, error)
        except RetryableError as error:
            said = f"gave up after {tries.said}: {error}"
            if self._settings.give_up == "stop" and not error.unreadable:
                said += "; what was completed is kept, run again to go on"
                said += "; where only this prompt fails, engine.give_up: record goes on without it"
                raise BackendError(said) from error
            return await self._given_up(call, tries, error, said, money)
        except BackendError as error:
            if error.refused is None:
                raise
            refusal = error
        return await self._refused(call, tries, refusal, money)

    async def _again(
        self,
        once: Callable[[], Awaitable[list[Completion]]],
        tries: _Tries,
        failed: RetryableError | None,
    ) -> list[Completion]:
        """Further tries after a first one that failed. Most calls need none, nor what tenacity
        makes for each: some kilobytes in circles, which stay until the garbage collector comes.
        """
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(RetryableError),
            stop=tries.over,
            wait=tries.pause,
            before_sleep=self._note_retry,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                if failed is not None:
                    error, failed = failed, None
                    raise error
                return await once()
        raise AssertionError("unreachable")

    async def _refused(
        self, call: Call, tries: _Tries, refusal: BackendError, money: Money | None
    ) -> list[Completion]:
        """The call's failure, unless the server refuses whatever it is asked.

        That shows by another answer since, or by a short call in the same terms, which is charged
        in the place of this one. Raises the refusal where that one is refused alike.
        """
        said = str(refusal)
        assert tries.at is not None
        at = tries.at.name
        async with self._asking[at]:  # where many are refused at once, one such call will do
            if self._answered[at] > tries.began:
                return _failed(call, REFUSED, said)
            if self._ends is not None:
                raise self._ends
            try:
                answer = await self._beside(_short(call), tries, money)
            except BackendError as other:
                # Where it fails otherwise, nothing is clear yet: if no call succeeds, the run ends.
                alike = _same(refusal, other)
            else:
                self._answered[at] = asyncio.get_running_loop().time()
                return _failed(call, REFUSED, said, answer[0])
        if alike:
            self._ends = refusal
            raise refusal
        return _failed(call, REFUSED, said)

    async def _given_up(
        self, call: Call, tries: _Tries, error: RetryableError, said: str, money: Money | None
    ) -> list[Completion]:
        """The call's failure, where it is its own fault: where the server is well otherwise.

        Either it has just answered others, or it answers a short call. That costs less than the
        call might have, and is charged in its place. Raises `BackendError` where it does not.
        """
        endpoint = tries.at
        if endpoint is not None and error.trouble != "throttled":
            if endpoint.breaker.state == "closed" and endpoint.answered_at > tries.began:
                return _failed(call, GAVE_UP, said)
            try:
                short = _short(call) if error.unreadable else _control(call)
                answer = await self._beside(short, tries, money)
            except (BackendError, CallFailed):
                said += "; nor did the server answer another call just then"
            else:
                endpoint.breaker.succeeded()
                return _failed(call, GAVE_UP, said, answer[0])
        raise BackendError(f"{said}; what was completed is kept, run again to go on") from error

    async def _beside(self, call: Call, tries: _Tries, money: Money | None) -> list[Completion]:
        """Answer a short call where another was tried last, in whose place it is charged."""
        assert tries.at is not None
        if money is not None:
            await money.ready()
        name, left = tries.at.name, tries.left or 1.0
        tokens = token_bound(call.prompt) + call.params.max_tokens
        return await self._router.beside(
            tries.at, tokens, lambda: self._attempt(call, name, left, money)
        )

    async def _attempt(
        self, call: Call, endpoint: str, left: float, money: Money | None
    ) -> list[Completion]:
        if self._batches is not None:
            return await self._in_a_batch(self._batches, call, money)
        if money is None:
            return await self._answer(call, endpoint, left)
        money.sent()
        try:
            return await self._answer(call, endpoint, left)
        except BaseException as error:
            money.failed(error)
            raise

    async def _in_a_batch(
        self, batches: Collector, call: Call, money: Money | None
    ) -> list[Completion]:
        assert isinstance(self._backend, BatchBackend)
        assert money is not None, "what waits in a batch is paid for"
        try:
            done = await batches.complete(call, self._backend, money)
        except BaseException as error:
            money.failed(error)
            raise
        return fitted(done, len(call.seeds))

    async def _answer(self, call: Call, endpoint: str, left: float) -> list[Completion]:
        limit = min(self._settings.timeout_s, left)
        try:
            async with asyncio.timeout(limit):
                if isinstance(call.prompt, Passage):
                    if not isinstance(self._backend, Reader):
                        raise BackendError("this kind of model access reads no given texts")
                    done = await self._backend.read(call)
                elif self._remote is None:
                    done = await self._backend.complete(call)
                else:
                    done = await self._remote.complete_at(call, endpoint)
        except TimeoutError:
            said = f"no answer within {limit:g} s"
            raise RetryableError(said, None, "overloaded", billed=True) from None
        if not done:
            raise RetryableError("the server returned no choices", billed=True)
        return fitted(done, len(call.seeds))

    def _note_retry(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._events.retried(str(error))


def _without_secrets(completion: Completion) -> Completion:
    """A server's words on a sample without any key that is known, whatever the backend did.

    The sample itself is the backend's to clean of the key that it sent: it must not depend on what
    else the environment holds.
    """
    if completion.finish_reason in _USUAL and not completion.error:
        return completion
    reason, error = redact(completion.finish_reason), redact(completion.error)
    return replace(completion, finish_reason=reason, error=error)


def _failed(
    call: Call, reason: str, said: str, spent: Completion | None = None
) -> list[Completion]:
    """A record of why there are no samples. spent: what that has cost, which the first bears."""
    none = Completion("", reason, 0, 0, requests=0, error=said)
    if spent is None:
        return [none] * len(call.seeds)
    used = (spent.prompt_tokens, spent.completion_tokens)
    first = Completion("", reason, *used, seconds=spent.seconds, error=said)
    return [first, *[none] * (len(call.seeds) - 1)]


def _control(call: Call) -> Call:
    """The least that the same model can be asked for in the same way."""
    chat = bool(call.prompt.messages)
    prompt = Prompt(messages=(Message("user", "1"),)) if chat else Prompt(text="1")
    return Call(prompt, SamplingParams(max_tokens=1), call.seeds[:1])


def _short(call: Call) -> Call:
    """A short question in the same terms: what is refused for its fields is refused again."""
    most = min(_ENOUGH_TOKENS, call.params.max_tokens)
    control = _control(call)
    return replace(control, params=replace(call.params, max_tokens=most))


def _same(one: BackendError, other: BackendError) -> bool:
    words = (str(one), str(other))
    alike = difflib.SequenceMatcher(None, *words, autojunk=False).ratio() >= _ALIKE
    return one.refused == other.refused and alike


class _Tries:
    """The tries of one call: how many, how long with the pauses between them, and when no more.

    Time in the queue does not count: there the call waits for others, not for the server.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._jitter = wait_random_exponential(multiplier=0.5, max=settings.max_wait_s)
        self._spent = 0.0
        self.began = 0.0  # when the last one began
        self.at: Endpoint | None = None  # and where
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
        self.began = asyncio.get_running_loop().time()

    def __exit__(self, *error: object) -> None:
        self._spent += asyncio.get_running_loop().time() - self.began
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
