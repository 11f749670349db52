"""The ratio of solutions and verifications that is asked for, where a budget is short of them.

With S solutions and V verifications of each asked for, a smaller budget buys tS and tV, one of each
at the least: S/V stays what it was, and so does what the run is about. What samples cost shows only
as they come. So a first round is bounded by what they may cost, and further rounds deal out the
rest by what they did cost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ttc.budget.allocation import SLACK, Amounts
from ttc.budget.cost import UNITS

_STEPS = 40  # of a bisection


@dataclass(frozen=True)
class Asked:
    """What a recipe asks for in one problem.

    solutions: S. judged: by verifier, all samples that it takes for so many solutions. prices: the
    most that a sample may cost, of the solver and of each verifier.
    """

    solutions: int
    judged: tuple[Callable[[int], int], ...]
    prices: tuple[Amounts, ...]

    def counts(self, scale: float) -> list[float]:
        """Samples of the solver and of each verifier at tS and tV."""
        size = scale * self.solutions
        return [size, *(self._judged(of, size, scale) for of in self.judged)]

    def _judged(self, of: Callable[[int], int], size: float, scale: float) -> float:
        low = math.floor(size)
        whole = float(of(low)) if low else 0.0
        whole += round((size - low) * (of(low + 1) - whole), 9) if size > low else 0
        return whole * max(scale, 1 / max(1, of(1)))

    def scale(self, prices: Sequence[Amounts], limit: Amounts) -> float:
        """The largest t of 0 to 1 at which all of it costs no more than a limit."""

        def fits(scale: float) -> bool:
            counts = self.counts(scale)
            return all(
                math.fsum(n * price[u] for n, price in zip(counts, prices, strict=True))
                <= limit[u] * (1 + SLACK)
                for u in UNITS
                if math.isfinite(limit[u])
            )

        if fits(1.0):
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low

    def first(self, limit: Amounts) -> list[int]:
        """Samples of a first round, by what they may cost; one of each at the least."""
        return [max(1, math.floor(n + SLACK)) for n in self.counts(self.scale(self.prices, limit))]

    def further(
        self,
        had: Sequence[Amounts],
        least: Sequence[Amounts | None],
        limit: Amounts,
        left: Amounts,
        last: bool = True,
    ) -> list[int] | None:
        """Samples up to which a further round may go, by what those so far cost; None: it would
        bring nothing.

        had: used by the solver and by each verifier; least: what one sample more of those wants
        that were refused one; last: whether what is left below the ratio is spent one by one.
        """
        costs = [
            {u: used[u] / used["calls"] for u in UNITS} if used["calls"] else price
            for used, price in zip(had, self.prices, strict=True)
        ]
        counts = self.counts(self.scale(costs, limit))
        got = [int(used["calls"]) for used in had]
        targets = [max(n, math.floor(c + SLACK)) for n, c in zip(got, counts, strict=True)]
        able = [one is not None and _within(one, left) for one in least]
        if got[0] and not self._verified(least, left):
            targets[0] = got[0]  # a solution that nobody could judge would make the ratio worse
        if targets[0] > got[0]:
            new = targets[0] - got[0]
            targets[1:] = [max(n, m + new) for n, m in zip(targets[1:], got[1:], strict=True)]
        if any(ok and more > n for ok, more, n in zip(able, targets, got, strict=True)):
            return targets
        if not last and got[0]:
            return None
        # Nothing whole is left of the ratio: one sample more of whoever is behind.
        for i in sorted(range(len(got)), key=lambda i: (self._reached(i, got[i]), -i)):
            if i > 0 and able[i]:
                targets[i] = got[i] + 1
                return targets
            if i == 0 and able[0] and (not got[0] or self._verified(least, left)):
                return [n + 1 for n in got]
        return None

    def _verified(self, least: Sequence[Amounts | None], left: Amounts) -> bool:
        """Whether there is room for a solution and a verification of it by each verifier."""
        wanted = [one or price for one, price in zip(least, self.prices, strict=True)]
        return _within({u: math.fsum(one[u] for one in wanted) for u in UNITS}, left)

    def _reached(self, rank: int, samples: int) -> float:
        """The t at which one of them would have so many."""
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.counts(middle)[rank] <= samples else (low, middle)
        return low


def _within(amounts: Amounts, limits: Amounts) -> bool:
    return all(amounts[u] <= limits[u] * (1 + SLACK) for u in UNITS)
