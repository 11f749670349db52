"""What may be spent and what was: reservations that no interleaving of calls can overshoot.

A ticket asks for some samples of one problem. It is admitted when their worst case fits beside all
that is spent and reserved; if it does not fit, it waits until the account's earlier tickets have
settled and is then decided: whole, or the largest prefix that fits. The rest is a ticket again, for
when the prefix has settled; where no sample fits any more, the account is closed. Tickets of an
account are taken first come, first served. So what is admitted depends on token counts alone and
never on which call returned first, and a larger limit admits the same samples and more.

Accounts form a tree: a run has problems; a problem has an account for its solver and one for each
of its verifiers, with shares of what those before them leave; a method that splits its attempt
opens one for each branch. A refusal closes the account that it met, and no other.

A budget for the run is given to the problems in equal shares; what is left goes to those that ran
out, those with the least first, in further rounds (`next_round`). Where the recipe has another
allocation, only a pilot is shared equally, and the rest goes to whoever deserves it. Within a
problem, too, what one account left goes to another that had wanted more. A round goes through all
tickets again: those of the round before are admitted as they were, then come new ones. So a request
is the same one in every round and try.

Calls that belong to no problem (`beside`) get what no problem can ever use, or what all have left.

What was billed for nothing (`lost`) counts besides. It changes no ticket of the rounds so far,
which a later try must find again, but a call that is really to be sent needs room beside it, and
the shares of further rounds are smaller for it. Where something was lost, a round may have had to
do without samples that a later one brought; a try that finds them from the start would share out
otherwise, so it begins with the tickets of the last round (`accounts_of_losers`).
"""

from __future__ import annotations

import asyncio
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ttc.budget.account import Account, Book, first
from ttc.budget.allocation import (
    SLACK,
    Amounts,
    Deal,
    Standing,
    Wish,
    added,
    dealt,
    nothing,
    raised_shares,
    weighed_shares,
)
from ttc.budget.asked import Asked
from ttc.budget.bills import Bills, largest
from ttc.budget.cost import UNITS, Unit
from ttc.budget.counters import Spent
from ttc.budget.limits import BudgetConfig, ProblemBudget, RunBudget
from ttc.budget.part import part_facts
from ttc.budget.pot import Pot
from ttc.core import Place, Role, Speculated
from ttc.errors import BudgetExhausted

__all__ = ["BudgetConfig", "Ledger", "ProblemBudget", "Raise", "RunBudget"]

Raise = tuple[Mapping[Unit, float], Mapping[Unit, float], Mapping[Place, Mapping[Unit, float]]]
"""A problem's share from a round on, the limits of its tickets in that (without what was lost), and
those of accounts that get more than their usual part of it.
"""
TOP_UP = 0.04
"""Of a problem's limits: less than that left between its accounts is not worth another round."""
MOST_TOP_UPS = 16
_IDLE = 12
"""Rounds on end that may bring no sample more, before there is none."""


class Ledger:
    """Admits, reserves and settles for all problems of a run."""

    def __init__(
        self,
        budget: BudgetConfig,
        problems: Sequence[str],
        began: float | None = None,
        rounds: bool = True,
        whole: int | None = None,
        above: Bills | None = None,
    ) -> None:
        """began: when the run did, by the monotonic clock; now by default. rounds: whether problems
        may get more in further rounds, also those that have samples; what their methods asked for
        must then not depend on where they were refused. whole: of how many problems these are a
        part, where others go through the rest: they have the run's limits for their part then, and
        of those the first round only, since all rounds after it look at all problems. above: see
        `Bills`.
        """
        self._repeatable = rounds
        self.budget = budget
        self.problems = tuple(problems)
        self.spent: dict[Role, Spent] = {}
        self._cap = {u: max(budget.per_problem.limits(u), default=math.inf) for u in UNITS}
        self._run = {u: getattr(budget.per_run, u) or math.inf for u in UNITS}
        self._paid: dict[Role, Spent] = {}
        self.fingerprint = Spent()
        seconds = budget.per_run.seconds
        began = time.monotonic() if began is None else began
        self._deadline = math.inf if seconds is None else began + seconds
        self._lost: dict[str, dict[Unit, float]] = {}
        self._told: list[dict[str, Raise]] = []
        self._limits: dict[str, dict[Unit, float]] = {}  # of problems in this round
        self._books: dict[str, Book] = {}
        pilot = 1.0 if budget.equal else budget.pilot
        share = {u: pilot * n / max(1, whole or len(self.problems)) for u, n in self._run.items()}
        self._part = whole is not None
        if self._part:
            self._run = {
                u: n if math.isinf(n) else share[u] * len(self.problems)
                for u, n in self._run.items()
            }
        self.bills = Bills(self._run, self._cap, self.problems, above)
        self._floor: dict[str, dict[Unit, float]] = {}  # what earlier rounds settled
        self._last: dict[Role, Spent] = {}  # used by all of the last round
        self.rounds = 1
        self._had, self._idle = -1.0, 0  # samples of the last round, and rounds without any more
        self._sent = 0.0  # calls, by all tries until the last round's end
        self._shares = {p: dict(share) for p in self.problems}
        self._limits = {p: self._within_cap(share) for p in self.problems}
        self._open({})

    def _within_cap(self, share: Amounts) -> dict[Unit, float]:
        return {u: min(self._cap[u], share[u]) for u in UNITS}

    def _open(
        self,
        raised: Mapping[str, Mapping[Place, dict[Unit, float]]],
        last: Mapping[str, Mapping[Place, Account]] | None = None,
    ) -> None:
        """Begin a round. raised: problems that get more, and limits of their accounts. last: their
        accounts in the round before, by default those of this try.
        """
        if last is None:
            last = {name: book.accounts for name, book in self._books.items()}
        self._books = {}
        for name in self.problems:
            self._books[name] = Book(
                dict(self._limits[name]),
                most=self._within_cap(self._shares[name]),
                lost=dict(self._lost.get(name, nothing())),
                before=last.get(name, {}),
                raised=raised.get(name),
                again=self._repeatable,
            )

    def load(
        self,
        billed: Mapping[str, Amounts],
        lost: Mapping[str, Amounts],
        raises: Sequence[Mapping[str, Raise]] = (),
        last: Mapping[str, Mapping[Place, Account]] | None = None,
    ) -> None:
        """What earlier tries of the run were billed, what of that was for nothing, and how they
        shared out each further round: what was lost since must not change that. last: what
        `accounts_of_losers` gave at the end of such a try.
        """
        self.bills.load(billed)
        self._sent = self.bills.billed["calls"]
        self._told = [{p: r for p, r in one.items() if p in self._books} for one in raises]
        self._lost = {p: dict(amounts) for p, amounts in lost.items() if p in self._books}
        self._open({}, last)

    def go_on_from(self, earlier: Ledger) -> None:
        """Count what was really paid besides what another ledger of the same try has counted."""
        self._paid, self.fingerprint = earlier._paid, earlier.fingerprint

    def accounts_of_losers(self) -> dict[str, Mapping[Place, Account]]:
        """Accounts of this round of problems that were billed something for nothing; of none where
        the run's time ended the round before all were gone through.
        """
        if self._out_of_time():
            return {}
        return {p: book.accounts for p, book in self._books.items() if any(book.lost.values())}

    def beside(self, worst: Amounts, *, over: bool) -> Pot | None:
        """Room for calls that belong to no problem; None where a problem may want it.

        over: no problem asks for anything any more. What is not used is to be given back, by
        `Bills.charge`. The pot has no limit in units where the run has none.
        """
        # What the problems of a part leave is for those of others.
        if not self.bills.spare(worst, over=over and not self._first_round_only):
            return None
        self.bills.charge(worst)
        return Pot({u: worst[u] if math.isfinite(self._run[u]) else math.inf for u in UNITS})

    @property
    def exhausted(self) -> list[str]:
        """Problems that were refused a sample, by money or by time."""
        return [p for p, book in self._books.items() if book.exhausted]

    def seconds_left(self) -> float | None:
        """Until calls must have ended; None without a limit."""
        left = self._deadline - time.monotonic()
        return left if math.isfinite(left) else None

    def too_late(self, when: str) -> BudgetExhausted:
        """What tells that the run's time was up at a moment."""
        seconds = self.budget.per_run.seconds
        return BudgetExhausted(
            f"the run's time was up (budget.per_run.seconds: {seconds:g}) {when}"
        )

    def came_late(self, problem: str) -> None:
        """The time was up before a call for this problem had ended, so it gets no sample."""
        self._books[problem].late = True

    def open(
        self,
        problem: str,
        place: Place,
        weight: float = 1.0,
        whole: float = 1.0,
        keep: Amounts | None = None,
        asked: Asked | None = None,
    ) -> None:
        """Open an account, once in a round, with its part of what those before it have left.

        weight: its share of `whole`, the shares of it and of those that come after it. keep: what
        those may need for a sample each. asked: the ratio to keep in place of shares, where there
        can be further rounds.
        """
        self._books[problem].open(place, weight, whole, keep, asked if self._repeatable else None)

    def split(self, problem: str, place: Place, shares: Mapping[Place, float]) -> None:
        """Open accounts for branches of one that has nothing under way, with parts of its rest.

        What they leave is its own again.
        """
        self._books[problem].split(place, shares)

    def closed(self, problem: str, place: Place) -> bool:
        """Whether an account has refused a sample, or the run's time has."""
        return self._account(problem, place).exhausted or self._books[problem].late

    def fits(self, problem: str, place: Place, worst: Amounts) -> bool:
        """Whether an account has room for so much."""
        return self._account(problem, place).fits(worst)

    def known(self, problem: str, place: Place, content: bytes, start: int) -> int:
        """How many samples from `start` on the last round admitted, which this one will again."""
        account, found = self._account(problem, place), 0
        while n := account.again(content, start + found):
            found += n
        return found

    def done(self, problem: str) -> None:
        """A problem's method has returned. If nothing was refused, it will ask for the same."""
        book = self._books[problem]
        if not book.exhausted:
            for account in book.accounts.values():
                account.taken = {}

    def _account(self, problem: str, place: Place) -> Account:
        book = self._books[problem]
        return book.accounts.get(place) or book.open(place, 1.0, 1.0)

    def turn(self, problem: str, place: Place = ()) -> asyncio.Lock:
        """To be held from a request's first ticket until its last part is admitted or refused."""
        return self._account(problem, place).turn

    async def admit(
        self,
        problem: str,
        samples: int,
        worst: Callable[[int], Amounts],
        place: Place = (),
        content: bytes = b"",
        start: int = 0,
    ) -> int:
        """Reserve the worst case of a ticket; returns how many of its samples may be drawn now.

        worst(n): amounts that n samples can't exceed. Fewer than asked, but some: the rest may be
        asked for again; 0: the account is closed. Every admitted ticket must be settled. The
        caller holds the account's turn. content, start: what tells the ticket in a further round.
        """
        book, account = self._books[problem], self._account(problem, place)
        if again := min(samples, account.again(content, start)):
            return self._reserve(book, account, again, worst, content, start)
        while not account.exhausted:
            fitting = 0
            if not book.blocked and account.fits(worst(samples)):
                fitting = samples
            elif account.outstanding or book.blocked:
                await book.change()
                continue
            else:
                fitting = self._cut(problem, account, samples, worst)
            if fitting:
                return self._reserve(book, account, fitting, worst, content, start)
            self._refuse(account, samples, worst)
        return 0

    def _cut(
        self, problem: str, account: Account, samples: int, worst: Callable[[int], Amounts]
    ) -> int:
        """How many samples to draw of a ticket that does not fit.

        Each part of it pays for the prompt anew. Where that would be most of what a part costs, and
        the problem may get more in a further round, the ticket waits for that.
        """
        fitting = largest(samples - 1, lambda n: account.fits(worst(n)))
        if not fitting or not account.begun:
            return fitting
        shared = [u for u in UNITS if self._limits[problem][u] < self._cap[u]]
        return 0 if _mostly_prompt(worst, fitting, shared) else fitting

    def _refuse(self, account: Account, samples: int, worst: Callable[[int], Amounts]) -> None:
        """The account gets no more in this round; note what a further one should bring."""
        # Of a large ticket, as much as is worth its prompt.
        worth = bisect_left(range(1, samples), True, key=lambda n: not _mostly_prompt(worst, n)) + 1
        account.refuse(worst(samples if samples < 2 * worth else worth), worst(1))

    def must_ask(self, problem: str) -> bool:
        """Whether calls of a problem need room beside what was billed for nothing."""
        book = self._books[problem]
        lost = any(book.lost.values()) or any(book.more.values())
        return lost or math.isfinite(book.short)

    async def make_room(
        self,
        problem: str,
        ticket: int,
        samples: int,
        more: Callable[[int], Amounts],
        worst: Callable[[int], Amounts] | None = None,
    ) -> int:
        """Reserve more for samples of an admitted ticket, to repeat what may be billed.

        Where it does not fit, it waits for what the problem's other tickets leave, before new ones.
        Returns for how many of the samples there is room: fewer where the others leave too little.
        Then later tickets are admitted as ever, since the journal may have their samples, but send
        nothing. Where all wait, the last ticket gives way. more(n): what n of its samples need
        beyond what is reserved for all of them. worst(n): what the request for them may be billed,
        which must fit beside all that the problem was ever billed: of a later try, the tickets that
        are still to come may have their samples already.
        """
        book = self._books[problem]
        if ticket > book.short:
            return 0

        def fits(n: int) -> bool:
            billed = worst is None or self.bills.affords(problem, worst(n), book.most)
            return billed and book.has_room(more(n))

        book.blocked.append(ticket)
        book.changed()
        try:
            while not fits(samples):
                waiting = len(book.blocked) + book.queued
                if waiting == book.outstanding and ticket == max(book.blocked):
                    book.short = min(ticket, book.short)
                    book.needs = added(book.wanted, more(samples))
                    if worst is not None:  # or a round would bring what is not enough, for ever
                        billed = self.bills.wanted(problem, worst(samples))
                        book.needs = {u: max(book.needs[u], billed[u]) for u in UNITS}
                    samples = largest(samples - 1, fits)
                    break
                await book.change()
            if samples:
                book.more = added(book.more, more(samples))
            return samples
        finally:
            book.blocked.remove(ticket)
            book.changed()

    def queueing(self, problem: str, more: int) -> None:
        """So many more tickets wait for another that draws the same samples."""
        book = self._books[problem]
        book.queued += more
        book.changed()

    def broke(self, problem: str, ticket: int) -> None:
        """The whole run has no money for a ticket's call, and no round brings any."""
        book = self._books[problem]
        book.short = min(ticket, book.short)
        book.needs = None

    def _reserve(
        self,
        book: Book,
        account: Account,
        samples: int,
        worst: Callable[[int], Amounts],
        content: bytes,
        start: int,
    ) -> int:
        book.reserve(worst(samples))
        account.reserve(worst(samples))
        account.take(content, start, samples)
        return samples

    def settle(
        self,
        problem: str,
        role: Role,
        reserved: Amounts,
        actual: Amounts,
        *,
        prompt_tokens: float,
        completion_tokens: float,
        samples: int,
        paid: float,
        vain: Amounts | None = None,
        more: Amounts | None = None,
        place: Place = (),
        speculated: tuple[Speculated, float, float] | None = None,
    ) -> None:
        """Replace a reservation by what was used. `paid` is the share not served by the journal.

        vain: the part of `actual` that stands for no sample, so that a later round, which goes
        through the samples again, would not find it. more: what was reserved besides. speculated:
        see `Spent.speculate`.
        """
        book, account = self._books[problem], self._account(problem, place)
        book.settle(reserved, actual)
        account.settle(reserved, actual)
        if more is not None:
            book.more = {u: book.more[u] - more[u] for u in UNITS}
        if vain is not None:
            account.without(vain)
            book.settled = {u: book.settled[u] - vain[u] for u in UNITS}
            book.lost = added(book.lost, vain)
            self._lost[problem] = dict(book.lost)
        book.changed()
        spent = self.spent.setdefault(role, Spent())
        spent.use(actual, prompt_tokens, completion_tokens, samples)
        if speculated is not None:
            spent.speculate(*speculated)
        self._paid.setdefault(role, Spent()).pay(actual, samples, paid)

    def next_round(self, deal: Deal | None = None) -> dict[str, Raise]:
        """Give what is left of the run's budget to problems that ran out of their share, in equal
        parts or as `deal` says.

        Returns who got more; if anybody did, all problems are to be gone through again, where the
        journal serves what was admitted before.
        """
        if self._out_of_time() or self._first_round_only:
            return {}
        had = math.fsum(book.settled["calls"] for book in self._books.values())
        self._idle = self._idle + 1 if had <= self._had else 0
        self._had = had
        if self._idle >= _IDLE and not self._told:
            return {}
        sent, self._sent = self._sent, self.bills.billed["calls"]
        raises = self._told.pop(0) if self._told else self._raises(deal)
        if not raises and self._sent > sent:
            raises = self._once_more()
        if not raises:
            return {}
        for problem, (share, limits, _) in raises.items():
            self._shares[problem].update(share)
            self._limits[problem] = dict(limits)
        self._floor = {p: dict(book.settled) for p, book in self._books.items()}
        self._last, self.spent = self.spent, {}
        self.rounds += 1
        self._open({p: {a: dict(m) for a, m in r[2].items()} for p, r in raises.items()})
        return raises

    def _raises(self, deal: Deal | None) -> dict[str, Raise]:
        """Who gets more in a next round: a part of a request where that can be, else a sample."""
        books = {p: b for p, b in self._books.items() if self._may_go_on(b)}
        run = {u: limit for u, limit in self._run.items() if math.isfinite(limit)}
        if not run:
            return self._top_ups(books)
        shares: dict[str, dict[Unit, float]] = {}
        for wanted in (_worth, _least):
            standing = {
                p: Standing(
                    b.used,
                    self._shares[p],
                    wanted(b) if p in books else None,
                    bare=not any(b.settled.values()),
                    solutions=_solutions(b),
                )
                for p, b in self._books.items()
            }
            shares = shares or self._shared_out(standing, run, deal)
        raises: dict[str, Raise] = {}
        for problem, share in shares.items():
            whole, book = {**self._shares[problem], **share}, self._books[problem]
            limits = self._within_cap(whole)
            limits = {u: limits[u] - book.lost[u] for u in UNITS}
            accounts = _dealt_among(book, limits)
            if accounts or book.asked is None:
                raises[problem] = (whole, limits, accounts)
        return raises

    def _shared_out(
        self, standing: Mapping[str, Standing], run: Amounts, deal: Deal | None
    ) -> dict[str, dict[Unit, float]]:
        """By the recipe's allocation: in as many rounds as it says, and then all that is left."""
        if deal is None:
            return raised_shares(standing, run, self._cap)
        part = 1.0 / max(1, self.budget.rounds + 1 - self.rounds)
        return weighed_shares(standing, run, self._cap, deal, part)

    @property
    def _first_round_only(self) -> bool:
        return self._part and any(map(math.isfinite, self._run.values()))

    def _out_of_time(self) -> bool:
        late = any(book.late for book in self._books.values())
        return late or time.monotonic() > self._deadline

    def _once_more(self) -> dict[str, Raise]:
        """Problems whose tickets gave way to calls that then cost less than they might have, with
        the limits that they have: what that left is not wasted, and the run ends where a try that
        finds all it paid for ends too.
        """
        if not self._repeatable:
            return {}
        return {
            p: (self._shares[p], b.limits, {a: o.limits for a, o in first(b.accounts).items()})
            for p, b in self._books.items()
            if math.isfinite(b.short)
        }

    def _may_go_on(self, book: Book) -> bool:
        """What is refused the first sample has nothing yet that it would have to do again."""
        return self._repeatable or not any(book.settled.values())

    def _top_ups(self, books: Mapping[str, Book]) -> dict[str, Raise]:
        """Within each problem: what some of its accounts left goes to others that wanted more."""
        if self.rounds > MOST_TOP_UPS:
            return {}
        raises: dict[str, Raise] = {}
        for problem, book in books.items():
            limits = {u: self._cap[u] - book.lost[u] for u in UNITS}
            enough = all(
                limits[u] - book.settled[u] >= TOP_UP * limits[u]
                for u in UNITS
                if math.isfinite(limits[u])
            )
            accounts = _dealt_among(book, limits) if enough or book.empty else {}
            if not all(book.accounts[place].covers(most) for place, most in accounts.items()):
                raises[problem] = (self._shares[problem], limits, accounts)
        return raises

    def standing(self) -> dict[Unit, tuple[float, float, float | None]]:
        """By unit: settled, reserved, and the most that the problems' and the run's limits allow.

        May be called from another thread; the figures are then those of about this moment.
        """
        books = self._books
        found: dict[Unit, tuple[float, float, float | None]] = {}
        for u in UNITS:
            other, most = self.bills.other[u], self._cap[u] * len(books)
            settled, reserved = self._used(u, books)
            if math.isfinite(self._run[u]) or not math.isfinite(most):
                settled += other  # limits of problems don't concern it
                most = min(self._run[u], most + other)
            found[u] = (settled, reserved, most if math.isfinite(most) else None)
        return found

    def _used(self, unit: Unit, books: Mapping[str, Book]) -> tuple[float, float]:
        """Settled and reserved by the problems; to repeat an earlier round adds nothing."""
        settled = reserved = 0.0
        for problem, book in books.items():
            before = self._floor[problem][unit] if problem in self._floor else 0.0
            own = max(before, book.settled[unit])
            settled += own + book.lost[unit]
            kept = book.reserved[unit] + book.more[unit]
            reserved += max(0.0, book.settled[unit] + kept - own)
        largest = max((b.limits[unit] for b in books.values()), default=0.0)
        noise = SLACK * max(settled, largest if math.isfinite(largest) else 0.0)
        return settled, reserved if reserved > noise else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Counters for the manifest: by role, used and really paid for.

        `fingerprint`: the calls that this process sent to tell which models are served; `lost`:
        what all tries may have been billed for nothing.
        """
        out: dict[str, Any] = {"rounds": self.rounds, "exhausted_problems": len(self.exhausted)}
        roles = out["roles"] = {}
        for role in self._last | self.spent:
            # The last round has more in the midst of one that repeats it.
            both = (self._last.get(role, Spent()), self.spent.get(role, Spent()))
            roles[role] = max(both, key=lambda one: one.samples).as_dict(
                self._paid.get(role, Spent())
            )
        out["fingerprint"] = self.fingerprint.as_dict(self.fingerprint)
        lost = [self._lost[p] for p in self.problems if p in self._lost]
        out["lost"] = {u: math.fsum(one[u] for one in lost) for u in UNITS}
        if self._part:
            out["part"] = self._part_facts()
        return out

    def _part_facts(self) -> dict[str, Any]:
        standing = {
            p: Standing(
                b.used,
                self._shares[p],
                _least(b) if self._may_go_on(b) else None,
                bare=not any(b.settled.values()),
            )
            for p, b in self._books.items()
        }
        return part_facts(standing, self._run, self._cap, self.bills.billed)


def _mostly_prompt(
    worst: Callable[[int], Amounts], samples: int, units: Sequence[Unit] = UNITS
) -> bool:
    """Whether a request for so many samples costs more for its prompt than for them, in a unit."""
    part, one, two = worst(samples), worst(1), worst(2)
    return any(part[u] < 2 * (2 * one[u] - two[u]) * (1 - SLACK) for u in units)


def _worth(book: Book) -> dict[Unit, float] | None:
    """What a problem needs for parts of requests that are worth their prompts; None: nothing."""
    if book.needs is not None or math.isfinite(book.short):
        return book.needs
    wanting = book.wanting.values()
    if not wanting:
        return None
    return added(book.used, {u: max(a.worth[u] for a in wanting) for u in UNITS})


def _least(book: Book) -> dict[Unit, float] | None:
    """What a problem needs for one sample more, of the account that wants the least; of those that
    have nothing yet, where there are such.
    """
    if book.needs is not None or math.isfinite(book.short):
        return book.needs
    wanting = (book.empty or book.wanting).values()
    if not wanting:
        return None
    return added(book.used, min((a.least for a in wanting), key=lambda least: least["tokens"]))


def _solutions(book: Book) -> float:
    """How many samples its solver has had."""
    own = (
        a.settled["calls"] for place, a in first(book.accounts).items() if place[:1] == ("solve",)
    )
    return math.fsum(own)


def _dealt_among(book: Book, limits: Amounts) -> dict[Place, dict[Unit, float]]:
    """Limits of the accounts that want more than they got, with their parts of what is left.

    Those that have nothing yet get a sample first, or all that is left would go into solutions
    whose first verification it can't buy. Where only the solver wants more, it gets so much that
    its new solutions can be verified as the others were, since whoever verifies will want to.
    """
    left = {u: limits[u] - book.settled[u] for u in UNITS}
    if book.asked is not None:
        return _by_ratio(book, book.asked, limits, left)
    firsts = _firsts(book, left)
    for grant in firsts.values():
        left = {u: left[u] - grant[u] for u in UNITS}
    granted = dealt(left, _wishes(book, set(firsts)))
    # Who is left out would else get its usual part, of what is kept for those.
    kept = [*granted, *firsts] if not firsts else book.wanting
    return {
        place: added(
            book.accounts[place].settled,
            added(granted.get(place, nothing()), firsts.get(place, nothing())),
        )
        for place in kept
    }


def _by_ratio(
    book: Book, asked: Asked, limits: Amounts, left: Amounts
) -> dict[Place, dict[Unit, float]]:
    """Limits in samples, in the ratio that is asked for. In money, the solver leaves what those
    need that come after it; they have what is free then.
    """
    places: list[Place] = [("solve",), *(("verify", i) for i in range(len(asked.judged)))]
    accounts = [book.accounts.get(place) for place in places]
    had = [nothing() if one is None else one.settled for one in accounts]
    least = [None if one is None or not any(one.least.values()) else one.least for one in accounts]
    # Where something was lost, who finds all of it later may have room for a sample more or less.
    targets = asked.further(had, least, limits, left, last=not any(book.lost.values()))
    if targets is None:
        return {}
    most: dict[Place, dict[Unit, float]] = {}
    for place, target in zip(places, targets, strict=True):
        most[place] = dict.fromkeys(UNITS, math.inf) | {"calls": float(target)}
    needs = nothing()
    for used, price, target in zip(had[1:], asked.prices[1:], targets[1:], strict=True):
        calls = used["calls"]
        more = max(0.0, target - calls)
        needs = {u: needs[u] + more * (used[u] / calls if calls else price[u]) for u in UNITS}
    free = {u: max(0.0, left[u] - needs[u], (least[0] or nothing())[u]) for u in UNITS}
    solver = added(had[0], {u: min(free[u], left[u]) for u in UNITS})
    most[places[0]] = solver | {"calls": float(targets[0])}
    return {place: one for place, one in most.items() if place in book.accounts}


def _firsts(book: Book, left: Mapping[Unit, float]) -> dict[Place, dict[Unit, float]]:
    """The first samples of accounts that have nothing, as far as they are left for, in order."""
    firsts: dict[Place, dict[Unit, float]] = {}
    for place, account in book.empty.items():
        if all(account.least[u] <= left[u] * (1 + SLACK) for u in UNITS):
            firsts[place] = dict(account.least)
            left = {u: left[u] - account.least[u] for u in UNITS}
    return firsts


def _unverified(verifiers: Sequence[Account]) -> bool:
    """Whether there are verifiers, and none of them has judged anything."""
    return bool(verifiers) and not any(any(a.settled.values()) for a in verifiers)


def _wishes(book: Book, served: set[Place]) -> dict[Place, Wish]:
    """What each account wants. served: those that have got a sample already."""
    wanting = book.wanting
    last = next(reversed(wanting), None)
    opened = [*first(book.accounts).values()]
    wishes = {}
    for place, account in wanting.items():
        part = dict.fromkeys(UNITS, account.part if place != last else 1.0)
        if account is opened[0] and place == last and _unverified(opened[1:]):
            part = nothing()  # a solution is enough to see what its verification takes
        elif account is opened[0] and place == last:
            part = {
                u: account.settled[u] / book.settled[u] if book.settled[u] else account.part
                for u in UNITS
            }
        wishes[place] = Wish(part, nothing() if place in served else account.least)
    return wishes
