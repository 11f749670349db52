"""Requests or tokens per minute, as a token bucket. Time comes in as an argument (seconds)."""

from __future__ import annotations

_MINUTE = 60.0


class Bucket:
    """At most `per_minute` units in any minute, in bursts of at most about a second's worth.

    The bucket starts full. What is taken at once may exceed its size (a call is never cut): it then
    goes into debt, which later calls wait for, so that the rate holds in the long run and any
    minute has at most one such call too many. What a call did not use may be put back.

    Own code and not aiolimiter, which can neither take more than its size nor put anything back;
    calls need both, because their tokens are known only afterwards.
    """

    def __init__(self, per_minute: int, now: float) -> None:
        self.size = max(1.0, per_minute / _MINUTE)
        # A full bucket and a minute's refill together are no more than a minute's worth.
        self.rate = (per_minute - self.size + 1.0) / _MINUTE
        self._level = self.size
        self._at = now

    def ready_at(self, amount: float, now: float) -> float:
        """When so much may be taken, if nobody takes anything before; `now` or earlier: at once."""
        missing = min(amount, self.size) - self._now(now)
        # Less than a millionth of a unit is a rounding error of the clock.
        return now if missing <= 1e-6 else now + missing / self.rate

    def take(self, amount: float, now: float) -> None:
        """Take an amount, after `ready_at` has come."""
        self._level = self._now(now) - amount

    def changed(self, per_minute: int, now: float) -> Bucket:
        """A bucket of another rate that lacks as much as this one does."""
        made = Bucket(per_minute, now)
        made.take(self.size - self._now(now), now)
        return made

    def put_back(self, amount: float, now: float) -> None:
        """Give back what was taken and not used; negative to take what was used beyond."""
        self._level = min(self.size, self._now(now) + amount)

    def _now(self, now: float) -> float:
        """The level at a time; also moves the clock there."""
        self._level = min(self.size, self._level + max(0.0, now - self._at) * self.rate)
        self._at = max(self._at, now)
        return self._level
