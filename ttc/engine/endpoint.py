"""One server as the engine treats it: its limit, its rates, its breaker, and how it fares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sized
from dataclasses import dataclass

from ttc.engine.breaker import FIRST_REST_S, LONGEST_REST_S, Breaker
from ttc.engine.buckets import Bucket
from ttc.engine.events import EndpointState
from ttc.engine.failures import MOST
from ttc.engine.limit import Limit
from ttc.engine.settings import EngineSettings
from ttc.errors import RetryableError

_SMOOTH = 0.1  # weight of the newest call in the latency that is shown


@dataclass(slots=True)
class Lease:
    """A place at a server for one call. tokens: reserved of its rate; started: loop time.

    whose: the problem it is for. After the call, `used` is the tokens it really took and `longest`
    those of its longest sample.
    """

    endpoint: Endpoint
    tokens: float
    started: float
    load: int
    used: float | None = None
    longest: float = 0.0
    whose: str = ""


class Endpoint:
    """Shared by all models that the server serves. All times are the event loop's."""

    def __init__(
        self,
        name: str,
        settings: EngineSettings,
        now: float,
        *,
        remote: bool = True,
        batches: bool = False,
    ) -> None:
        """batches: calls to it wait in batches, which go on without us."""
        self.name = name
        self.batches = batches
        self._guarded = remote
        self.limit = Limit(settings.concurrency, fixed=not remote)
        self.breaker = Breaker(*_patience(settings))
        self.answered_at = -math.inf
        self._requests: Bucket | None = None
        self._tokens: Bucket | None = None
        self._set_rates(settings, now)
        self.in_flight = 0
        self._trial: Lease | None = None
        self.paused_until = -math.inf
        self.pause_reason = ""
        self.state = EndpointState(limit=self.limit.value)
        self._queues: list[tuple[Sized, Callable[[], None]]] = []

    def _set_rates(self, settings: EngineSettings, now: float) -> None:
        if self._guarded:
            self._requests = _bucket(self._requests, settings.requests_per_minute, now)
            self._tokens = _bucket(self._tokens, settings.tokens_per_minute, now)

    def change(self, settings: EngineSettings, now: float) -> None:
        """Go by other settings from now on."""
        if self.batches:
            return
        self.limit.change(settings.concurrency)
        self.breaker.change(*_patience(settings))
        self._set_rates(settings, now)

    def serve(self, queue: Sized, wake: Callable[[], None]) -> None:
        """Call `wake` whenever a place may have become free for the queue."""
        self._queues.append((queue, wake))

    def ready_at(self, tokens: float, now: float) -> float:
        """When a call may be sent: `now` or earlier for at once, inf for not before a release."""
        if self.in_flight >= self.limit.value or self.breaker.state == "open":
            return math.inf
        if self.breaker.state == "half_open" and self._trial is not None:
            return math.inf
        at = self.paused_until
        if self._requests is not None:
            at = max(at, self._requests.ready_at(1, now))
        if self._tokens is not None:
            at = max(at, self._tokens.ready_at(tokens, now))
        return at

    def take(self, tokens: float, now: float) -> Lease:
        """Take a place that is ready."""
        if self._requests is not None:
            self._requests.take(1, now)
        if self._tokens is not None:
            self._tokens.take(tokens, now)
        self.in_flight += 1
        lease = Lease(self, tokens, now, self.in_flight)
        if self.breaker.state == "half_open":
            self._trial = lease
        return lease

    def answered(self, lease: Lease, now: float) -> None:
        """The server answered, be it by a refusal that is the call's own fault (`used` None)."""
        self.breaker.succeeded()
        if lease.used is None:
            return
        self.answered_at = now
        seconds = now - lease.started
        self.limit.succeeded(max(lease.load, self.in_flight), seconds, lease.longest)
        if self._tokens is not None:
            self._tokens.put_back(lease.tokens - lease.used, now)
        state = self.state
        state.latency_s += (_SMOOTH if state.calls else 1.0) * (seconds - state.latency_s)
        state.calls += 1

    def failed(self, lease: Lease, error: RetryableError, now: float, *, alone: bool) -> None:
        """The call failed and may be repeated. alone: no other server could take it instead."""
        self.state.retries += 1
        if error.trouble != "broken":
            self.state.throttled += 1
            self.limit.overloaded(lease.started, now)
        if error.retry_after is not None:
            self._pause(now + error.retry_after, str(error))
        if error.trouble == "throttled":
            # It did no work, and whoever can refuse is alive.
            if self._tokens is not None:
                self._tokens.put_back(lease.tokens, now)
            self.breaker.succeeded()
        elif self._guarded:
            self.breaker.failed(now, str(error), lease.whose)
            again = self.breaker.failures - 2
            # One failure is bad luck: a busy server that rests after each would hardly work.
            if again >= 0 and not alone:
                rest = min(LONGEST_REST_S, FIRST_REST_S * 2.0 ** min(again, 10))
                self._pause(now + rest, str(error))

    def _pause(self, until: float, why: str) -> None:
        if until > self.paused_until:
            self.paused_until, self.pause_reason = until, why

    def gives_up_at(self, now: float, longest: float) -> float:
        """When waiting for this server has lasted too long; inf while it is well or on trial."""
        if self.breaker.state == "open" or (self.breaker.state == "half_open" and not self._trial):
            return self.breaker.down_since + longest
        return now if self.paused_until - now > longest else math.inf

    def release(self, lease: Lease) -> None:
        """The call is over, however it went."""
        self.in_flight -= 1
        if self._trial is lease:
            self._trial = None
        self._queues.append(self._queues.pop(0))  # the queues take turns in being first
        for _, wake in tuple(self._queues):
            wake()

    def show(self) -> bool:
        """Bring `state` up to date; whether the breaker has moved."""
        state = self.state
        moved = state.state != self.breaker.state
        state.state, state.limit = self.breaker.state, self.limit.value
        state.in_flight = self.in_flight
        state.waiting = sum(len(queue) for queue, _ in self._queues)
        return moved


def _patience(settings: EngineSettings) -> tuple[int, int]:
    """Failures in a row that are too many, and of how many problems they must be."""
    # Where few fail, it may be their own fault, which a server at rest could not show.
    return settings.breaker_failures, MOST if settings.give_up == "record" else 1


def _bucket(before: Bucket | None, per_minute: int | None, now: float) -> Bucket | None:
    if per_minute is None:
        return None
    return Bucket(per_minute, now) if before is None else before.changed(per_minute, now)
