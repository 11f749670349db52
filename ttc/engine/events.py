"""Counters of a run under way, for displays, logs and manifests."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ttc.core import Role
from ttc.engine.failures import Failures

Breaker = Literal["closed", "open", "half_open"]


@dataclass
class EndpointState:
    """One server as the engine sees it, for displays and logs. Plain data; no secrets in it.

    `state` is the circuit breaker's: closed (well), open (takes no calls), half_open (on trial).
    """

    state: Breaker = "closed"
    limit: int = 0
    """Most calls in flight that the server is trusted with at the moment."""
    in_flight: int = 0
    waiting: int = 0
    """Calls that wait for a place, of all models that use this server."""
    latency_s: float = 0.0
    """Smoothed seconds of a call that succeeded; 0 before the first."""
    calls: int = 0
    """Calls that succeeded."""
    retries: int = 0
    """Calls that failed and may be tried again."""
    throttled: int = 0
    """Of these, refused for too much load (429, 503)."""


@dataclass
class BatchState:
    """One batch that waits at a provider. submitted, expires: Unix time; said: why the provider did
    not tell of it when asked last.
    """

    id: str
    model: str
    status: str = ""
    requests: int = 0
    done: int = 0
    failed: int = 0
    submitted: float = 0.0
    expires: float | None = None
    said: str = ""


@dataclass
class Events:
    """What has happened so far; `on_change` is called after every change, on the event loop."""

    samples: Counter[Role] = field(default_factory=Counter)
    cached: int = 0
    fresh: Counter[Role] = field(default_factory=Counter)
    """Of all samples, those that the models gave now."""
    paid_tokens: float = 0.0
    retries: int = 0
    problems_done: int = 0
    last_retry: str = ""
    warnings: list[str] = field(default_factory=list)
    """What people must know of the run's results."""
    failures: Failures = field(default_factory=Failures)
    """Samples that can't be had."""
    endpoints: dict[str, EndpointState] = field(default_factory=dict)
    """By address, without credentials; empty for models in this process."""
    batches: dict[str, BatchState] = field(default_factory=dict)
    """Those that wait at a provider, by our token for them."""
    started: float = field(default_factory=time.monotonic)
    on_change: Callable[[Events], None] | None = None

    def drawn(self, role: Role, samples: int, tokens: float, *, cached: bool) -> None:
        """Some samples arrived, from the model or from the journal."""
        self.samples[role] += samples
        if cached:
            self.cached += samples
        else:
            self.fresh[role] += samples
            self.paid_tokens += tokens
        self.changed()

    def retried(self, why: str) -> None:
        """A call will be tried again."""
        self.retries += 1
        self.last_retry = why
        self.changed()

    def warned(self, text: str) -> None:
        """Something is wrong that the run can go on with."""
        self.warnings.append(text)
        self.changed()

    def changed(self) -> None:
        if self.on_change is not None:
            self.on_change(self)

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self.started
