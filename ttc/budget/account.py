"""A problem's book in a ledger: where it stands, and the accounts of those who work on it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ttc.budget.allocation import SLACK, Amounts, added, nothing
from ttc.budget.asked import Asked
from ttc.budget.cost import UNITS, Unit
from ttc.budget.pot import Pot
from ttc.core import Place

Tickets = dict[tuple[bytes, int], int]
"""By content and first sample, how many samples a ticket was admitted for."""


@dataclass
class Counted(Pot):
    """Knows how many tickets are reserved and not settled yet."""

    outstanding: int = 0

    def reserve(self, worst: Amounts) -> None:
        """Keep what a ticket may use."""
        super().reserve(worst)
        self.outstanding += 1

    def settle(self, reserved: Amounts, actual: Amounts) -> None:
        """Replace a ticket's reservation by what it used."""
        super().settle(reserved, actual)
        self.outstanding -= 1


@dataclass
class Book(Counted):
    """All that was used and reserved for a problem, by whichever of its accounts.

    `limits` are those of its tickets in this round; `asked`: in which ratio its samples are to be
    bought, None for shares of money; `again`: whether what a refused account leaves
    may be dealt in a further one, so that the next of its kind need not get it; `before`: its
    accounts in the last round, whose tickets will be taken again; `raised`: limits of accounts,
    where it gets more than in that one.
    """

    most: dict[Unit, float] = field(default_factory=dict)  # the limits for calls to be sent
    again: bool = False
    asked: Asked | None = None
    before: Mapping[Place, Account] = field(default_factory=dict)
    raised: Mapping[Place, dict[Unit, float]] | None = None
    lost: dict[Unit, float] = field(default_factory=nothing)
    more: dict[Unit, float] = field(default_factory=nothing)  # reserved beside tickets
    blocked: list[int] = field(default_factory=list)  # of these, tickets that wait to repeat a call
    queued: int = 0  # and those that wait for one that draws the same
    short: float = math.inf  # the first ticket without room for a call; no later one sends any
    needs: dict[Unit, float] | None = None  # what that wants beyond what is used
    accounts: dict[Place, Account] = field(default_factory=dict)
    waited_for: asyncio.Event | None = None  # made when somebody waits: there are many books
    late: bool = False  # the run's time was up before a call had ended

    @property
    def exhausted(self) -> bool:
        """Whether a sample was refused, by money or by time."""
        closed = any(account.exhausted for account in self.accounts.values())
        return closed or self.late or math.isfinite(self.short)

    @property
    def used(self) -> dict[Unit, float]:
        """By samples and for nothing."""
        return added(self.settled, self.lost)

    @property
    def wanted(self) -> dict[Unit, float]:
        """Used and reserved."""
        return added(self.used, added(self.reserved, self.more))

    @property
    def wanting(self) -> dict[Place, Account]:
        """The first accounts that want more than they could get, in the order of their opening."""
        return {
            place: one for place, one in first(self.accounts).items() if any(one.least.values())
        }

    @property
    def empty(self) -> dict[Place, Account]:
        """Those of them that have got nothing yet."""
        return {p: a for p, a in self.wanting.items() if not any(a.settled.values())}

    async def change(self) -> None:
        """Wait until something is settled, reserved or given up."""
        self.waited_for = self.waited_for or asyncio.Event()
        self.waited_for.clear()
        await self.waited_for.wait()

    def changed(self) -> None:
        """Let those who wait look again."""
        if self.waited_for is not None:
            self.waited_for.set()

    def has_room(self, more: Amounts) -> bool:
        """Whether a call that needs so much more than is reserved may be sent."""
        wanted = self.wanted
        return all(wanted[u] + more[u] <= self.most[u] * (1 + SLACK) for u in UNITS)

    def open(
        self,
        place: Place,
        weight: float,
        whole: float,
        keep: Amounts | None = None,
        asked: Asked | None = None,
    ) -> Account:
        """An account with its part of what those before it leave; what it used before is its own.

        weight: its share of `whole`, the shares of it and of all that are still to be opened. keep:
        what those may need for a sample each, which a first round leaves them, whatever the shares.
        asked: for this account and those after it, in place of shares.
        """
        self.asked = self.asked or asked
        if place not in self.accounts:
            last = {p: a.settled for p, a in first(self.before).items()}
            later = [
                use if p == place else self._due(p, use)
                for p, use in last.items()
                if p not in self.accounts
            ]
            own = last.get(place, nothing())
            taken = [self._taken(p, place) for p in first(self.accounts)]
            limits = (self.raised or {}).get(place)
            if limits is None or self.asked is not None:
                part = dict.fromkeys(UNITS, weight / whole)
                part = part if self.asked is None else self._part(place)
                most, limits = limits, None
                free = {
                    u: self.limits[u]
                    - math.fsum(use[u] for use in taken)
                    - math.fsum(use[u] for use in later)
                    for u in UNITS
                }
                limits = {u: own[u] + max(0.0, free[u]) * part[u] for u in UNITS}
                if keep is not None and place not in self.before:
                    limits = {u: min(limits[u], max(0.0, free[u] - keep[u])) for u in UNITS}
                if self.asked is not None:
                    ends: dict[Unit, float] = dict.fromkeys(UNITS, math.inf)
                    most = most or ends | {"calls": self._calls(place)}
                    limits = {u: min(limits[u], most[u]) for u in UNITS}
            self._add(place, limits, weight / whole, None)
        return self.accounts[place]

    def _calls(self, place: Place) -> float:
        """Samples that an account may take in this round, where the recipe's ratio is kept."""
        assert self.asked is not None
        if self.raised and place in self.raised:
            return self.raised[place]["calls"]
        if place in self.before:
            return self.before[place].limits["calls"]
        return float(self.asked.first(self.limits)[_rank(place)])

    def _part(self, place: Place) -> dict[Unit, float]:
        """Of what is free, by what this and the accounts after it may still take: the solver is
        bounded by its number of samples, and by what is kept for others.
        """
        assert self.asked is not None
        rank = _rank(place)
        if rank == 0:
            return dict.fromkeys(UNITS, 1.0)
        more = []
        for i in range(rank - 1, len(self.asked.judged)):
            own = self.before.get(("verify", i))
            more.append(self._calls(("verify", i)) - (own.settled["calls"] if own else 0.0))
        parts = {}
        for u in UNITS:
            wants = [max(0.0, n) * self.asked.prices[rank + i][u] for i, n in enumerate(more)]
            parts[u] = wants[0] / math.fsum(wants) if math.fsum(wants) > 0 else 1.0
        return parts

    def _due(self, place: Place, used: Amounts) -> Amounts:
        """What an account that is still to be opened will want of the problem's limits: what it
        used, or all that was dealt to it.
        """
        dealt = (self.raised or {}).get(place, used)
        return {u: used[u] if dealt[u] == math.inf else dealt[u] for u in UNITS}

    def _taken(self, by: Place, place: Place) -> Amounts:
        """What an account has taken from one that is opened after it. Verifiers have equal parts:
        what is of no use to one that was refused is no gift to the next, but dealt among all.
        """
        account = self.accounts[by]
        if not (self.again and account.exhausted and by[:1] == place[:1]):
            return account.settled
        limits, settled = account.limits, account.settled
        return {u: settled[u] if limits[u] == math.inf else limits[u] for u in UNITS}

    def split(self, place: Place, shares: Mapping[Place, float]) -> None:
        """Accounts for branches of a method, with parts of what its own has left; what they used
        before is their own, and what it used after them its own.
        """
        parent = self.accounts[place]
        used = {b: self.before[b].settled if b in self.before else nothing() for b in shares}
        last = self.before[place].settled if place in self.before else nothing()
        free = {
            u: parent.limits[u]
            - max(last[u], parent.settled[u] + math.fsum(one[u] for one in used.values()))
            for u in UNITS
        }
        for branch, share in shares.items():
            more = {u: max(0.0, free[u]) * share if share else 0.0 for u in UNITS}
            self._add(branch, added(used[branch], more), share, parent)

    def _add(self, place: Place, limits: Amounts, part: float, parent: Account | None) -> None:
        self.accounts[place] = account = Account(dict(limits), part=part, parent=parent)
        if place in self.before:
            last = self.before[place]
            account.known = last.taken
            if self.raised is None:  # it is to use just as much again
                account.limits, account.begun = dict(last.limits), last.begun


@dataclass
class Account(Counted):
    """What one part, or a branch of it, may use for a problem. A refusal closes it for the round.

    worth, least: what a part of the refused ticket that is worth its prompt wants, and one sample
    of it. known: tickets of the last round, which are taken again; taken: those of this one.
    """

    part: float = 1.0  # of what was there when it was opened
    parent: Account | None = None
    known: Tickets = field(default_factory=dict)
    taken: Tickets = field(default_factory=dict)
    begun: bool = False  # whether a ticket was admitted by these limits
    exhausted: bool = False  # no more tickets are admitted
    worth: dict[Unit, float] = field(default_factory=nothing)
    least: dict[Unit, float] = field(default_factory=nothing)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def settle(self, reserved: Amounts, actual: Amounts) -> None:
        """Replace a ticket's reservation, here and in all accounts that this is a branch of."""
        super().settle(reserved, actual)
        above = self.parent
        while above is not None:
            above.settled = added(above.settled, actual)
            above = above.parent

    def without(self, vain: Amounts) -> None:
        """Take out again what stands for no sample."""
        account: Account | None = self
        while account is not None:
            account.settled = {u: account.settled[u] - vain[u] for u in UNITS}
            account = account.parent

    def refuse(self, worth: Amounts, least: Amounts) -> None:
        """Close it for this round; those above note how much more it would have needed."""
        self.exhausted = True
        account: Account | None = self
        scale = 1.0
        while account is not None:
            account.worth = {u: max(account.worth[u], scale * worth[u]) for u in UNITS}
            account.least = {u: max(account.least[u], scale * least[u]) for u in UNITS}
            if account.parent is None or not account.part:
                return  # no part of more would be more
            scale /= account.part
            account = account.parent

    def covers(self, limits: Amounts) -> bool:
        """Whether other limits would be no more than these."""
        return all(limits[u] <= self.limits[u] * (1 + SLACK) for u in UNITS)

    def again(self, content: bytes, start: int) -> int:
        """How many samples a ticket had in the last round; 0: it is new."""
        return self.known.get((content, start), 0)

    def take(self, content: bytes, start: int, samples: int) -> None:
        """Note a ticket."""
        self.begun |= (content, start) not in self.known
        if content:
            self.taken[content, start] = samples


def _rank(place: Place) -> int:
    """0 for the solver, and from 1 on the verifiers."""
    return 0 if place[0] == "solve" else 1 + int(place[1])


def first(accounts: Mapping[Place, Account]) -> dict[Place, Account]:
    """Those that are no branches of another."""
    return {place: one for place, one in accounts.items() if one.parent is None}
