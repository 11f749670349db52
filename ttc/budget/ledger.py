"""What may be spent and what was: reservations that no interleaving of calls can overshoot.

A ticket asks for some samples of one problem. It is admitted when their worst case fits beside all
that is spent and reserved; if it does not fit, it waits until the problem's earlier tickets have
settled and is then decided: whole, or the largest prefix that fits. The rest is a ticket again, for
when the prefix has settled; where no sample fits any more, the problem is exhausted. Tickets of a
problem are taken first come, first served. So what is admitted depends on token counts alone and
never on which call returned first, and a larger limit admits the same samples and more.

A budget for the run is given to the problems in equal shares; what is left goes to those that ran
out, those with the least first, in further rounds (`next_round`). A round goes through all tickets
again, and cuts them where the rounds before did: a problem's limit rises to the next round's where
the one before refused a sample. So a request is the same one in every round and try. A small part
of the budget may be set aside before, for calls that belong to no problem (`set_aside`).

What was billed for nothing (`lost`) counts besides. It changes no ticket of the rounds so far,
which a later try must find again, but a call that is really to be sent needs room beside it, and
the shares of further rounds are smaller for it.
"""

from __future__ import annotations

import asyncio
import math
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ttc.budget.account import Account
from ttc.budget.bills import Bills, largest
from ttc.budget.cost import UNITS, Unit
from ttc.budget.limits import BudgetConfig, ProblemBudget, RunBudget
from ttc.budget.pot import Pot
from ttc.budget.rounds import SLACK, Amounts, Standing, added, nothing, raised_shares
from ttc.budget.spent import Spent
from ttc.core import Purpose
from ttc.errors import BudgetExhausted

__all__ = ["SMALL", "BudgetConfig", "Ledger", "ProblemBudget", "Raise", "RunBudget"]

SMALL = 0.05
"""Of each of a run's limits: the most that may be set aside from its problems."""
Raise = tuple[Mapping[Unit, float], Mapping[Unit, float]]
"""A problem's share from a round on, and the limits of its tickets in that: without what was lost.
"""


class Ledger:
    """Admits, reserves and settles for all problems of a run."""

    def __init__(
        self, budget: BudgetConfig, problems: Sequence[str], began: float | None = None
    ) -> None:
        """began: when the run did, by the monotonic clock; now by default."""
        self.budget = budget
        self.problems = tuple(problems)
        self.spent: dict[Purpose, Spent] = {"solution": Spent(), "verification": Spent()}
        self._cap = {u: max(budget.per_problem.limits(u), default=math.inf) for u in UNITS}
        self._whole = {u: getattr(budget.per_run, u) or math.inf for u in UNITS}
        self._run = dict(self._whole)  # without what is set aside
        self._asides: list[Pot] = []
        self._paid: dict[Purpose, Spent] = {"solution": Spent(), "verification": Spent()}
        self.fingerprint = Spent()
        seconds = budget.per_run.seconds
        began = time.monotonic() if began is None else began
        self._deadline = math.inf if seconds is None else began + seconds
        self._late: set[str] = set()
        self._lost: dict[str, dict[Unit, float]] = {}
        self._told: list[dict[str, Raise]] = []
        self._limits: dict[str, list[dict[Unit, float]]] = {}  # of problems, round by round
        self.bills = Bills(self._whole, self._cap, self.problems)
        self._floor: dict[str, dict[Unit, float]] = {}  # what earlier rounds settled
        self._last: dict[Purpose, Spent] = {}  # used by all of the last round
        self.rounds = 1
        self._begun = False
        self._share_out()

    def _share_out(self) -> None:
        share = {u: self._run[u] / max(1, len(self.problems)) for u in UNITS}
        self._shares = {p: dict(share) for p in self.problems}
        self._limits = {p: [self._within_cap(share)] for p in self.problems}
        self._open()

    def _within_cap(self, share: Amounts) -> dict[Unit, float]:
        return {u: min(self._cap[u], share[u]) for u in UNITS}

    def _open(self) -> None:
        self._accounts = {
            p: Account(
                dict(self._limits[p][0]),
                later=self._limits[p][1:],
                most=self._within_cap(self._shares[p]),
                lost=dict(self._lost.get(p, nothing())),
            )
            for p in self.problems
        }

    def load(
        self,
        billed: Mapping[str, Amounts],
        lost: Mapping[str, Amounts],
        raises: Sequence[Mapping[str, Raise]] = (),
    ) -> None:
        """What earlier tries of the run were billed, what of that was for nothing, and how they
        shared out each further round: what was lost since must not change that.
        """
        self.bills.load(billed)
        self._told = [{p: r for p, r in one.items() if p in self._accounts} for one in raises]
        self._lost = {p: dict(amounts) for p, amounts in lost.items() if p in self._accounts}
        self._open()

    def set_aside(self, worst: Amounts) -> Pot | None:
        """Keep so much of the run's limits from its problems, for calls that belong to none.

        It stays kept, used or not: what problems are admitted may not depend on that. None, and
        nothing is kept, where all that is set aside would be more than a `SMALL` part of a limit,
        or problems have begun to use their shares. The pot has no limit in units where the run
        has none.
        """
        limited = [u for u in UNITS if math.isfinite(self._whole[u])]
        kept = {u: self.kept(u) + worst[u] for u in limited}
        small = all(kept[u] <= SMALL * self._whole[u] for u in limited)
        if limited and (self._begun or not small):
            return None
        pot = Pot({u: worst[u] if u in limited else math.inf for u in UNITS})
        self._asides.append(pot)
        if limited:
            self._run.update({u: self._whole[u] - kept[u] for u in limited})
            self.bills.limit(self._run)
            self._share_out()
        return pot

    def kept(self, unit: Unit) -> float:
        """What is set aside of a limit of the run."""
        limits = [pot.limits[unit] for pot in self._asides]
        return sum(limit for limit in limits if math.isfinite(limit))

    @property
    def exhausted(self) -> list[str]:
        """Problems that were refused a sample, by money or by time."""
        return [
            p
            for p, a in self._accounts.items()
            if a.exhausted or math.isfinite(a.short) or p in self._late
        ]

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
        self._late.add(problem)

    def turn(self, problem: str) -> asyncio.Lock:
        """To be held from a request's first ticket until its last part is admitted or refused."""
        self._begun = True
        return self._accounts[problem].turn

    async def admit(self, problem: str, samples: int, worst: Callable[[int], Amounts]) -> int:
        """Reserve the worst case of a ticket; returns how many of its samples may be drawn now.

        worst(n): amounts that n samples can't exceed. Fewer than asked, but some: the rest may be
        asked for again; 0: the problem is exhausted. Every admitted ticket must be settled. The
        caller holds the problem's turn.
        """
        self._begun = True
        account = self._accounts[problem]
        while not account.exhausted:
            if not account.blocked and account.fits(worst(samples)):
                return self._reserve(account, samples, worst)
            if account.outstanding:
                account.change.clear()
                await account.change.wait()
            elif fitting := self._cut(problem, samples, worst):
                return self._reserve(account, fitting, worst)
            elif account.later:
                account.limits, account.begun = account.later.pop(0), False
            else:
                self._refuse(problem, samples, worst)
        return 0

    def _cut(self, problem: str, samples: int, worst: Callable[[int], Amounts]) -> int:
        """How many samples to draw of a ticket that does not fit.

        Each part of it pays for the prompt anew. Where that would be most of what a part costs, and
        the problem may get more in a further round, the ticket waits for that.
        """
        account = self._accounts[problem]
        fitting = largest(samples - 1, lambda n: account.fits(worst(n)))
        if not fitting or not account.begun:
            return fitting
        shared = [u for u in UNITS if account.limits[u] < self._cap[u]]
        return 0 if _mostly_prompt(worst, fitting, shared) else fitting

    def _refuse(self, problem: str, samples: int, worst: Callable[[int], Amounts]) -> None:
        """The problem gets no more in this round; note what a further one should bring."""
        account = self._accounts[problem]
        account.exhausted = True
        if math.isfinite(account.short):
            return
        account.least = account.needs = added(account.used, worst(1))
        # Of a large ticket, as much as is worth its prompt.
        worth = bisect_left(range(1, samples), True, key=lambda n: not _mostly_prompt(worst, n)) + 1
        account.needs = added(account.used, worst(samples if samples < 2 * worth else worth))

    def must_ask(self, problem: str) -> bool:
        """Whether calls of a problem need room beside what was billed for nothing."""
        account = self._accounts[problem]
        lost = any(account.lost.values()) or any(account.more.values())
        return lost or math.isfinite(account.short)

    async def make_room(
        self, problem: str, ticket: int, samples: int, more: Callable[[int], Amounts]
    ) -> int:
        """Reserve more for samples of an admitted ticket, to repeat what may be billed.

        Where it does not fit, it waits for what the problem's other tickets leave, before new ones.
        Returns for how many of the samples there is room: fewer where the others leave too little.
        Then later tickets are admitted as ever, since the journal may have their samples, but send
        nothing. Where all wait, the last ticket gives way. more(n): what n of its samples need
        beyond what is reserved for all of them.
        """
        account = self._accounts[problem]
        if ticket > account.short:
            return 0
        account.blocked.append(ticket)
        account.change.set()
        try:
            while not account.has_room(more(samples)):
                if len(account.blocked) == account.outstanding and ticket == max(account.blocked):
                    account.short = min(ticket, account.short)
                    account.least = account.needs = added(account.wanted, more(samples))
                    samples = largest(samples - 1, lambda n: account.has_room(more(n)))
                    break
                account.change.clear()
                await account.change.wait()
            if samples:
                account.more = added(account.more, more(samples))
            return samples
        finally:
            account.blocked.remove(ticket)
            account.change.set()

    def broke(self, problem: str, ticket: int) -> None:
        """The whole run has no money for a ticket's call, and no round brings any."""
        account = self._accounts[problem]
        account.short = min(ticket, account.short)
        account.least = account.needs = None

    def _reserve(self, account: Account, samples: int, worst: Callable[[int], Amounts]) -> int:
        account.reserve(worst(samples))
        account.begun = True
        account.outstanding += 1
        return samples

    def settle(
        self,
        problem: str,
        purpose: Purpose,
        reserved: Amounts,
        actual: Amounts,
        *,
        prompt_tokens: float,
        completion_tokens: float,
        samples: int,
        paid: float,
        vain: Amounts | None = None,
        more: Amounts | None = None,
    ) -> None:
        """Replace a reservation by what was used. `paid` is the share not served by the journal.

        vain: the part of `actual` that stands for no sample, so that a later round, which goes
        through the samples again, would not find it. more: what was reserved besides.
        """
        account = self._accounts[problem]
        account.settle(reserved, actual)
        if more is not None:
            account.more = {u: account.more[u] - more[u] for u in UNITS}
        if vain is not None:
            account.settled = {u: account.settled[u] - vain[u] for u in UNITS}
            account.lost = added(account.lost, vain)
            self._lost[problem] = dict(account.lost)
        account.outstanding -= 1
        account.change.set()
        spent, paid_for = self.spent[purpose], self._paid[purpose]
        spent.use(actual, prompt_tokens, completion_tokens, samples)
        paid_for.pay(actual, samples, paid)

    def next_round(self) -> dict[str, Raise]:
        """Give what is left of the run's budget to problems that ran out of their share.

        Returns who got more; if anybody did, all problems are to be gone through again, where the
        journal serves what was admitted before.
        """
        if self._late or time.monotonic() > self._deadline:
            return {}
        raises = self._told.pop(0) if self._told else self._raises()
        if not raises:
            return {}
        for problem, (share, limits) in raises.items():
            self._shares[problem].update(share)
            self._limits[problem].append(dict(limits))
        self._floor = {p: dict(a.settled) for p, a in self._accounts.items()}
        self._last, self.spent = self.spent, {"solution": Spent(), "verification": Spent()}
        self.rounds += 1
        self._open()
        return raises

    def _raises(self) -> dict[str, Raise]:
        """Who gets more in a next round: a part of a request where that can be, else a sample."""
        run = {u: limit for u, limit in self._run.items() if math.isfinite(limit)}
        shares: dict[str, dict[Unit, float]] = {}
        for needs in ("needs", "least") if run else ():
            standing = {
                p: Standing(a.used, self._shares[p], getattr(a, needs))
                for p, a in self._accounts.items()
            }
            shares = shares or raised_shares(standing, run, self._cap)
        raises: dict[str, Raise] = {}
        for problem, share in shares.items():
            whole, lost = {**self._shares[problem], **share}, self._accounts[problem].lost
            limits = self._within_cap(whole)
            raises[problem] = (whole, {u: limits[u] - lost[u] for u in UNITS})
        return raises

    def standing(self) -> dict[Unit, tuple[float, float, float | None]]:
        """By unit: settled, reserved, and the most that the problems' and the run's limits allow.

        May be called from another thread; the figures are then those of about this moment.
        """
        accounts = self._accounts
        found: dict[Unit, tuple[float, float, float | None]] = {}
        for u in UNITS:
            kept = self.kept(u)
            most = min(self._whole[u], self._cap[u] * len(accounts) + kept)
            settled, reserved = self._used(u, accounts)
            used = sum(pot.settled[u] for pot in self._asides)
            if math.isfinite(self._whole[u]) or not math.isfinite(most):
                settled += used  # limits of problems don't concern it
                reserved += max(0.0, kept - used)
            found[u] = (settled, reserved, most if math.isfinite(most) else None)
        return found

    def _used(self, unit: Unit, accounts: Mapping[str, Account]) -> tuple[float, float]:
        """Settled and reserved by the problems; to repeat an earlier round adds nothing."""
        settled = reserved = 0.0
        for problem, account in accounts.items():
            before = self._floor[problem][unit] if problem in self._floor else 0.0
            own = max(before, account.settled[unit])
            settled += own + account.lost[unit]
            kept = account.reserved[unit] + account.more[unit]
            reserved += max(0.0, account.settled[unit] + kept - own)
        largest = max((a.limits[unit] for a in accounts.values()), default=0.0)
        noise = SLACK * max(settled, largest if math.isfinite(largest) else 0.0)
        return settled, reserved if reserved > noise else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Counters for the manifest: by purpose, used and really paid for.

        `fingerprint`: the calls that this process sent to tell which models are served; `lost`:
        what all tries may have been billed for nothing.
        """
        out: dict[str, Any] = {"rounds": self.rounds, "exhausted_problems": len(self.exhausted)}
        for purpose, used in self.spent.items():
            last = self._last.get(purpose, used)  # of more, in the midst of a round that repeats it
            used = max(last, used, key=lambda one: one.samples)
            out[purpose] = used.as_dict(self._paid[purpose])
        out["fingerprint"] = self.fingerprint.as_dict(self.fingerprint)
        lost = [self._lost[p] for p in self.problems if p in self._lost]
        out["lost"] = {u: math.fsum(one[u] for one in lost) for u in UNITS}
        return out


def _mostly_prompt(
    worst: Callable[[int], Amounts], samples: int, units: Sequence[Unit] = UNITS
) -> bool:
    """Whether a request for so many samples costs more for its prompt than for them, in a unit."""
    part, one, two = worst(samples), worst(1), worst(2)
    return any(part[u] < 2 * (2 * one[u] - two[u]) * (1 - SLACK) for u in units)
