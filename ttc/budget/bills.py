"""What a run was really billed, by all its tries: the last word before a call is sent.

A ledger counts samples, by their recorded amounts and wherever they come from, so that every try
admits the same ones. What that leaves out is money all the same: replies that were lost, calls that
a killed process had under way, prompts billed once more. So each request also needs room for its
worst case beside all that was ever billed. Where nothing was lost, bills are never more than the
ledger counts, and this refuses nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ttc.budget.allocation import SLACK, Amounts, added, nothing
from ttc.budget.cost import UNITS, Unit
from ttc.budget.pot import Pot


@dataclass
class _Gate:
    """Who waits for room, and whether anybody holds some that may be left."""

    held: int = 0
    change: asyncio.Event = field(default_factory=asyncio.Event)


class Bills:
    """Of a run and of each of its problems. Belongs to one event loop."""

    def __init__(
        self,
        limits: Amounts,
        cap: Amounts,
        problems: Sequence[str],
        above: Bills | None = None,
    ) -> None:
        """limits: the run's; cap: each problem's own; above: of a whole that this run is a part of,
        and whose limits hold for all of its parts together.
        """
        self._above = above
        self._gate: _Gate = _Gate() if above is None else above._gate
        self._run = Pot(dict(limits))
        self._problems = {p: Pot(dict(cap)) for p in problems}
        self.other = nothing()
        """For no problem: what is asked of models besides."""

    def load(self, billed: Mapping[str, Amounts]) -> None:
        """Take out what earlier tries were billed, by problem; others' count for the run only."""
        for problem, amounts in billed.items():
            if problem in self._problems:
                self._charge(problem, amounts)
            else:
                self.charge(amounts)

    def spare(self, worst: Amounts, *, over: bool) -> bool:
        """Whether so much is left that no problem can use. over: no problem uses any more."""
        if over:
            return self._run.fits(worst)
        most = {u: math.fsum(pot.limits[u] for pot in self._problems.values()) for u in UNITS}
        return all(
            most[u] + self.other[u] + worst[u] <= limit * (1 + SLACK)
            for u, limit in self._run.limits.items()
            if math.isfinite(limit)
        )

    def charge(self, amounts: Amounts) -> None:
        """Count what no problem is billed for; what is below nothing is given back."""
        self.other = added(self.other, amounts)
        for pot in self._pots(None):
            pot.settle(nothing(), amounts)
        self._gate.change.set()

    @property
    def billed(self) -> dict[Unit, float]:
        """Over all tries."""
        return dict(self._run.settled)

    async def hold(
        self, problem: str, samples: int, worst: Callable[[int], Amounts], *, fewer: bool = True
    ) -> int:
        """Keep the worst case of a request; returns for how many of its samples there is room.

        Waits while others that are held may leave something. Every held one is to be settled.
        fewer: whether room for some of the samples is of use; else it is for all or none.
        """
        while not self._fits(problem, worst(samples)):
            if not self._gate.held:
                most = samples - 1 if fewer else 0
                samples = largest(most, lambda n: self._fits(problem, worst(n)))
                break
            self._gate.change.clear()
            await self._gate.change.wait()
        if samples:
            self._gate.held += 1
            amounts = worst(samples)
            for pot in self._pots(problem):
                pot.reserve(amounts)
        return samples

    def stand(self, problem: str, amounts: Amounts) -> None:
        """Keep what an earlier try submitted and may still be billed for, until it is `claimed`."""
        for pot in self._pots(problem):
            pot.reserve(amounts)

    def claimed(self, problem: str, amounts: Amounts) -> None:
        """A request takes over what stood, and holds it itself from here on; or nothing stands."""
        for pot in self._pots(problem):
            pot.settle(amounts, nothing())
        self._gate.change.set()

    def lose(self, problem: str, amounts: Amounts) -> None:
        """Count what an earlier try may have been billed for nothing."""
        self._charge(problem, amounts)
        self._gate.change.set()

    def wanted(self, problem: str, worst: Amounts) -> dict[Unit, float]:
        """A problem's bills over all tries, with a request more."""
        own = self._problems.get(problem)
        if own is None:
            return dict(worst)
        return {u: own.settled[u] + own.reserved[u] + worst[u] for u in UNITS}

    def affords(self, problem: str, worst: Amounts, most: Amounts) -> bool:
        """Whether a request would leave a problem's bills, over all tries, within other limits."""
        wanted = self.wanted(problem, worst)
        return all(wanted[u] <= most[u] * (1 + SLACK) for u in UNITS)

    def settle(self, problem: str, held: Amounts, billed: Amounts) -> None:
        """Replace what was held by what was billed, or may have been."""
        self._gate.held -= 1
        for pot in self._pots(problem):
            pot.settle(held, billed)
        self._gate.change.set()

    def _charge(self, problem: str, amounts: Amounts) -> None:
        for pot in self._pots(problem):
            pot.settle(nothing(), amounts)

    def _fits(self, problem: str, worst: Amounts) -> bool:
        return all(pot.fits(worst) for pot in self._pots(problem))

    def left(self) -> dict[Unit, float]:
        """What the whole run may still be billed, beside what is held; infinite without a limit."""
        pot = self._run
        return {u: max(0.0, pot.limits[u] - pot.settled[u] - pot.reserved[u]) for u in UNITS}

    def _pots(self, problem: str | None) -> list[Pot]:
        own = None if problem is None else self._problems.get(problem)
        above = [] if self._above is None else self._above._pots(None)
        return [*above, self._run] if own is None else [*above, self._run, own]


def largest(high: int, fits: Callable[[int], bool]) -> int:
    """The largest n in 0..high that fits, given that fewer samples never cost more."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
