"""How many calls a server should have in flight, learned from how it answers.

Increase by steps, multiplicative decrease (Chiu and Jain 1989) after a slow start that doubles
(Jacobson 1988); steps grow with the time since the last overload, as in CUBIC (Ha, Rhee and Xu
2008). And there is a brake: where twice the calls take nearly twice the time they only wait in
the server's queue, so the limit goes back to the half. Latency may well grow before that, because
servers of language models answer larger batches more slowly and yet earn throughput by them; a
limiter that holds latency itself (TCP Vegas, Netflix' gradient) would stop far too early.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_START = 8  # calls in flight before anything is known
_BACK_OFF = 0.7
_FIRST_STEP = 0.5  # calls more in the round trip after an overload; doubles with each that is well
_FUTILE = 0.85  # growth of latency per growth of load, both as logarithms; 1: nothing gained
_APART = 0.3  # logarithms of two loads that can be compared
_EVIDENCE = 16  # calls before a level's latency counts
_MEMORY = 0.02  # weight of a call in a level's averages, at least
_HOLD = 30  # round trips at a braked limit before more is tried again


@dataclass(slots=True)
class _Level:
    """Moving averages over calls of similar load, of logarithms, so that stragglers weigh little.

    Seconds count per token of the longest sample, which is what a call's length is made of.
    """

    count: int = 0
    pace: float = 0.0
    load: float = 0.0
    variance: float = 0.0  # of the pace

    def add(self, pace: float, load: int) -> None:
        self.count += 1
        weight = max(1 / self.count, _MEMORY)
        off = math.log(pace) - self.pace
        self.pace += weight * off
        self.variance = (1 - weight) * (self.variance + weight * off**2)
        self.load += weight * (math.log(load) - self.load)

    @property
    def doubt(self) -> float:
        """Squared standard error of the pace."""
        return self.variance * max(1 / self.count, _MEMORY)


class Limit:
    """The limit of one server; `fixed` keeps it at the ceiling."""

    def __init__(self, ceiling: int, *, fixed: bool = False) -> None:
        self._ceiling = float(ceiling)
        self._fixed = fixed
        self._value = self._ceiling if fixed else min(self._ceiling, float(_START))
        self._step = _FIRST_STEP  # calls more in a round trip, after the slow start
        self._slow_start = True
        self._shrunk_at = -math.inf
        self._cap = self._ceiling  # below the ceiling while more is known to be futile
        self._hold = 0.0  # round trips for which the cap stays
        self._levels: dict[int, _Level] = {}

    @property
    def value(self) -> int:
        """Calls that may be in flight."""
        return int(self._value)

    def change(self, ceiling: int) -> None:
        """Another ceiling from now on; what was learned of the server stays."""
        free = self._cap >= self._ceiling
        self._ceiling = float(ceiling)
        self._cap = self._ceiling if free else min(self._cap, self._ceiling)
        self._value = self._ceiling if self._fixed else min(self._value, self._ceiling)

    def succeeded(self, load: int, seconds: float, tokens: float) -> None:
        """A call was answered. load: calls in flight with it; tokens: of its longest sample."""
        if self._fixed:
            return
        level = self._levels.setdefault(_octave(load), _Level())
        level.add(max(seconds, 1e-6) / max(tokens, 1.0), load)
        if 2 * load <= self._value:
            return  # the limit is not what keeps the load down, so it proves nothing
        if self._cap < self._ceiling:
            self._hold -= 1 / self._value
            if self._hold <= 0:  # the server may have changed: learn anew
                self._cap = self._ceiling
                self._levels.clear()
        if self._futile():
            self._brake()
        elif self._may_pass_level():
            self._grow()

    def _grow(self) -> None:
        """Carefully where an overload was of late, and ever faster the longer ago it is."""
        if self._slow_start:
            self._value += 1.0
        else:
            self._value += self._step / self._value
            self._step = min(self._value, self._step * 2.0 ** (1 / self._value))
        self._value = min(self._cap, self._value)

    def overloaded(self, started: float, now: float) -> None:
        """The server refused for load, or did not answer in time; once for each round trip."""
        if self._fixed or started < self._shrunk_at:
            return
        self._shrunk_at = now
        self._slow_start, self._step = False, _FIRST_STEP
        self._value = max(1.0, self._value * _BACK_OFF)

    def _may_pass_level(self) -> bool:
        """Whether the limit is within its level, or the level is known well enough to leave it."""
        octave = _octave(self.value)
        if self._value < max(_START, 2**octave):
            return True
        known = self._levels.get(octave)
        return known is not None and known.count >= _EVIDENCE

    def _futile(self) -> bool:
        """Whether what was added to the level below only waits. Few calls are never too many."""
        octave = _octave(self.value)
        here, below = self._levels.get(octave), self._levels.get(octave - 1)
        if self._value <= _START or here is None or below is None:
            return False
        if min(here.count, below.count) < _EVIDENCE or here.load - below.load < _APART:
            return False
        error = math.sqrt(here.doubt + below.doubt)
        return here.pace - below.pace - error > _FUTILE * (here.load - below.load)

    def _brake(self) -> None:
        octave = _octave(self.value)
        self._value = self._cap = max(float(_START), 2.0 ** (octave - 1))
        self._slow_start = False
        self._hold = float(_HOLD)


def _octave(load: int) -> int:
    """1, 2, 3-4, 5-8, 9-16 ... are levels 0, 1, 2, 3, 4 ..."""
    return max(0, load - 1).bit_length()
