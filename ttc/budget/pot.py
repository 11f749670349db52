"""A hard limit in every unit: reservations that fit, and settlements by what was really used."""

from __future__ import annotations

from dataclasses import dataclass, field

from ttc.budget.allocation import SLACK, Amounts, added, nothing
from ttc.budget.cost import UNITS, Unit


@dataclass
class Pot:
    """Amounts that may be spent, and where they stand."""

    limits: dict[Unit, float]
    settled: dict[Unit, float] = field(default_factory=nothing)
    reserved: dict[Unit, float] = field(default_factory=nothing)

    def fits(self, more: Amounts) -> bool:
        """Whether so much is left, beside all that is spent and reserved."""
        return all(
            self.settled[u] + self.reserved[u] + more[u] <= self.limits[u] * (1 + SLACK)
            for u in UNITS
        )

    def reserve(self, worst: Amounts) -> None:
        """Keep what may be used; it stays kept until it is settled."""
        self.reserved = added(self.reserved, worst)

    def settle(self, reserved: Amounts, actual: Amounts) -> None:
        """Replace a reservation by what was used."""
        for u in UNITS:
            self.reserved[u] -= reserved[u]
            self.settled[u] += actual[u]
