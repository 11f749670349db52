"""Where one problem stands in a ledger."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from ttc.budget.cost import UNITS, Unit
from ttc.budget.pot import Pot
from ttc.budget.rounds import SLACK, Amounts, added, nothing


@dataclass
class Account(Pot):
    """`limits` are those of the round that is gone through at the moment."""

    later: list[dict[Unit, float]] = field(default_factory=list)  # limits of the rounds after that
    most: dict[Unit, float] = field(default_factory=dict)  # the limits for calls to be sent
    lost: dict[Unit, float] = field(default_factory=nothing)
    more: dict[Unit, float] = field(default_factory=nothing)  # reserved beside tickets
    begun: bool = False  # whether a ticket was admitted by these limits
    outstanding: int = 0
    blocked: list[int] = field(default_factory=list)  # of these, tickets that wait to repeat a call
    exhausted: bool = False  # no more tickets are admitted
    short: float = math.inf  # the first ticket without room for a call; no later one sends any
    needs: dict[Unit, float] | None = None  # limits for a part more, once it was refused
    least: dict[Unit, float] | None = None  # and for one sample more
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    change: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def used(self) -> dict[Unit, float]:
        """By samples and for nothing."""
        return added(self.settled, self.lost)

    @property
    def wanted(self) -> dict[Unit, float]:
        """Used and reserved."""
        return added(self.used, added(self.reserved, self.more))

    def has_room(self, more: Amounts) -> bool:
        """Whether a call that needs so much more than is reserved may be sent."""
        wanted = self.wanted
        return all(wanted[u] + more[u] <= self.most[u] * (1 + SLACK) for u in UNITS)
