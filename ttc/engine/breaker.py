"""A circuit breaker: a server that keeps failing gets a rest, then a trial. Time is an argument."""

from __future__ import annotations

from ttc.engine.events import Breaker as State

FIRST_REST_S, LONGEST_REST_S = 1.0, 30.0


class Breaker:
    """Opens after so many failures in a row, of so many different problems; after a rest one call
    is tried (half open).

    Each failed trial doubles the rest. Any success closes it.
    """

    def __init__(self, failures: int, problems: int = 1) -> None:
        self._most = failures
        self._different = problems
        self.whose: set[str] = set()
        """The problems whose calls failed since the last that did not."""
        self._rest = FIRST_REST_S
        self.state: State = "closed"
        self.failures = 0
        self.down_since = 0.0
        """When the server was last seen to fall ill; means something unless closed."""
        self.retry_at = 0.0
        """When an open breaker may be tried."""
        self.last_error = ""

    def change(self, failures: int, problems: int) -> None:
        """Other numbers from the next failure on."""
        self._most, self._different = failures, problems

    def rested(self, seconds: float) -> None:
        """Nobody asked the server anything for so long: that was no outage."""
        self.down_since += seconds

    def failed(self, now: float, why: str, whose: str = "") -> None:
        """A call, made for a problem, or a health check failed."""
        self.failures += 1
        if whose:
            self.whose.add(whose)
        self.last_error = why
        enough = self.failures >= self._most and max(1, len(self.whose)) >= self._different
        if self.state == "closed" and enough:
            self.down_since = now
            self._open(now)
        elif self.state == "half_open":
            self._rest = min(LONGEST_REST_S, 2 * self._rest)
            self._open(now)

    def _open(self, now: float) -> None:
        self.state = "open"
        self.retry_at = now + self._rest

    def try_again(self) -> None:
        """The rest is over: what comes next decides."""
        self.state = "half_open"

    def succeeded(self) -> None:
        """The server has answered, if only that it has too much to do."""
        self.state, self.failures, self._rest = "closed", 0, FIRST_REST_S
        self.whose.clear()
