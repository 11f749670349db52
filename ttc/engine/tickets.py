"""What a part of a request has reserved and got, and the money of each call that is sent for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from ttc.budget.allocation import Amounts, added, nothing
from ttc.budget.cost import UNITS, Unit
from ttc.budget.ledger import Ledger
from ttc.engine.batch import Chunk, Found
from ttc.engine.batches.lines import Line
from ttc.engine.billing import Bill
from ttc.engine.charges import NOTHING, Charges, Vain
from ttc.engine.underway import UnderWay
from ttc.errors import BackendError, BudgetExhausted


class NoRoom(BudgetExhausted):
    """The budget has no room for a request of an admitted ticket, after others were lost."""


@dataclass(slots=True)
class Ticket:
    """lost: what it was billed for nothing; owed: that, and prompts beyond those reserved, for
    which room is still to be made; more: for which it was made.

    vain: lost requests that no sample tells of yet; late: the run's time was up.
    """

    chunk: Chunk
    keys: Sequence[bytes]
    reserved: Amounts
    prompts: int  # that are reserved
    found: Found = field(default_factory=dict)
    cached: int = 0
    sent: int = 0  # requests that brought samples
    vain: Vain = NOTHING
    lost: dict[Unit, float] = field(default_factory=nothing)
    owed: dict[Unit, float] = field(default_factory=nothing)
    more: dict[Unit, float] = field(default_factory=nothing)
    late: bool = False
    number: int = field(default_factory=count().__next__)


class Till:
    """Where the calls of a run are paid. run: its name; without one, no bills are kept."""

    def __init__(self, ledger: Ledger, notes: UnderWay, run: str) -> None:
        self.ledger = ledger
        self.notes = notes
        self.run = run


class Payment:
    """The money of one request: kept before it is sent, paid when it is answered or lost."""

    def __init__(
        self, till: Till, ticket: Ticket, charges: Charges, problem: str, first: int, samples: int
    ) -> None:
        """first: the number of the first of so many samples that are to be asked for."""
        self.samples = samples
        self._till, self._ticket, self._charges = till, ticket, charges
        self.problem, self.first = problem, first
        self._held: Amounts | None = None
        self._slot: int | None = None
        self._sent = False
        self._under_way = False
        self._line: Line | None = None

    @property
    def held(self) -> Amounts:
        """What it may cost; after `ready`."""
        assert self._held is not None, "ready comes first"
        return self._held

    def _worst(self, samples: int) -> Amounts:
        return self._charges.worst(self.first, samples)

    async def ready(self) -> None:
        """Wait for room. The first time it may leave room for fewer `samples`, later it must not.

        Raises `NoRoom`.
        """
        if self._held is not None:
            return
        fewer = not self._sent
        room = await self._room_in_share()
        if room and (fewer or room == self.samples):
            bills = self._till.ledger.bills
            room = await bills.hold(self.problem, room, self._worst, fewer=fewer)
            if not room:
                self._till.ledger.broke(self.problem, self._ticket.number)
        if not room or (room < self.samples and not fewer):
            raise NoRoom  # before anything is held
        self.samples = room
        self._held = self._worst(room)

    async def _room_in_share(self) -> int:
        """For how many samples there is room beside what the problem was billed for nothing."""
        ledger, ticket = self._till.ledger, self._ticket
        if not any(ticket.owed.values()) and not ledger.must_ask(self.problem):
            return self.samples

        def more(samples: int) -> Amounts:
            spare, least = self._worst(self.samples), self._worst(samples)
            return {u: ticket.owed[u] - spare[u] + least[u] for u in UNITS}

        room = await ledger.make_room(self.problem, ticket.number, self.samples, more, self._worst)
        if room:
            ticket.more = added(ticket.more, more(room))
            ticket.owed = nothing()
        return room

    def sent(self) -> None:
        """It is about to be sent; from here on it may be billed."""
        assert self._held is not None, "ready comes first"
        self._sent = self._under_way = True
        self._slot = self._till.notes.note(self.problem, self._held, self._slot)

    def park(self, line: Line) -> None:
        """It waits in a batch, whose own records say what it may cost, whatever becomes of us."""
        self._sent = self._under_way = True
        self._line = line

    def failed(self, error: BaseException) -> None:
        """It brought nothing. What a server refused is not billed; what was lost may be."""
        self._under_way = False
        line, self._line = self._line, None
        told = isinstance(error, BackendError)
        if line is not None and not told:
            return  # nobody waits any more, and it stands
        if isinstance(error, BackendError) and not error.billed:
            self._wipe()
        else:
            used = error.used if isinstance(error, BackendError) else None
            self._lose(used, parked=line is not None)
        if line is not None:
            line.over(line)

    def _lose(self, used: tuple[int, int] | None, *, parked: bool) -> None:
        ticket, held = self._ticket, self._held
        assert held is not None
        if used is None:
            lost = self._charges.lost(self.samples)
            ticket.vain = Vain(ticket.vain.requests + 1, ticket.vain.samples + self.samples)
        else:
            lost = self._charges.reported(*used, self.samples)
        ticket.lost = added(ticket.lost, lost)
        ticket.owed = added(ticket.owed, lost)
        if self._slot is not None or parked:
            self._till.notes.note(self.problem, lost, self._slot)
            self._slot = None  # it stays, to be read at the end
        self._settle(lost)

    def _settle(self, billed: Amounts) -> None:
        assert self._held is not None
        self._till.ledger.bills.settle(self.problem, self._held, billed)
        self._held = None

    def paid(self, billed: Amounts) -> list[Bill]:
        """It was answered: the bill, which is to be stored with what it brought; then `kept`."""
        if self._held is None:
            return []
        self._under_way = False
        self._settle(billed)
        if self._slot is None and self._line is None:
            return []
        line = None if self._line is None else (self._line.token, self._line.name)
        if self._till.notes.path is None:  # a run without limits keeps none
            billed = nothing()
        return [Bill(self._till.run, self.problem, billed, nothing(), line)]

    def kept(self) -> None:
        """The bill is in the journal."""
        self._wipe()
        if self._line is not None:
            self._line.over(self._line)
            self._line = None

    def drop(self) -> None:
        """It will not be sent any more; what is under way by now may be lost."""
        if self._held is not None and not self._under_way:
            self._settle(nothing())

    def _wipe(self) -> None:
        self._till.notes.wipe(self._slot)
        self._slot = None
