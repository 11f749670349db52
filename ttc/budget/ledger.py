"""What may be spent and what was: reservations that no interleaving of calls can overshoot.

A ticket asks for some samples of one problem. It is admitted when their worst case fits beside all
that is spent and reserved; if it does not fit, it waits until the problem's earlier tickets have
settled and is then decided: whole, or the largest prefix that fits. The rest is a ticket again, for
when the prefix has settled; where no sample fits any more, the problem is exhausted. Tickets of a
problem are taken first come, first served. So what is admitted depends on token counts alone and
never on which call returned first, and a larger limit admits the same samples and more.

A budget for the run is given to the problems in equal shares; what is left goes to those that ran
out, those with the least first, in further rounds (`next_round`).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ttc.budget.cost import UNITS, Rates, Unit
from ttc.budget.rounds import SLACK, Amounts, Standing, raised_shares
from ttc.core import Purpose
from ttc.errors import UsageError

_Positive = Annotated[float, Field(gt=0)]
Limit = _Positive | Annotated[tuple[_Positive, ...], Field(min_length=1)] | None


class ProblemBudget(BaseModel):
    """Limits for each problem: a number, or a list (all are reported, the largest holds)."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    tokens: Limit = None
    """Prompt and completion tokens."""
    flops: Limit = None
    """Floating point operations."""
    usd: Limit = None
    """US dollars."""
    calls: Limit = None
    """Samples, of solutions and of verifications."""

    def limits(self, unit: Unit) -> tuple[float, ...]:
        """The listed limits of a unit, ascending; empty without one."""
        value: Limit = getattr(self, unit)
        if value is None:
            return ()
        return tuple(sorted(value)) if isinstance(value, tuple) else (float(value),)


class RunBudget(BaseModel):
    """Limits for the whole run."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    tokens: float | None = Field(default=None, gt=0)
    """Prompt and completion tokens."""
    flops: float | None = Field(default=None, gt=0)
    """Floating point operations."""
    usd: float | None = Field(default=None, gt=0)
    """US dollars."""
    calls: float | None = Field(default=None, gt=0)
    """Samples, of solutions and of verifications."""
    seconds: float | None = Field(default=None, gt=0)
    """Wall-clock time; calls under way by then are given up, none is sent later, and what is
    in the journal is still used. What fits depends on the machine's speed."""


class BudgetConfig(BaseModel):
    """What may be spent, per problem and per run; without limits by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    per_problem: ProblemBudget = ProblemBudget()
    """Limits for each problem."""
    per_run: RunBudget = RunBudget()
    """Limits for the whole run, shared fairly among its problems."""

    def require(self, rates: Rates, model: str) -> None:
        """Raise `UsageError` where a limit is in a unit that this model's facts don't give."""
        for unit in UNITS:
            limited = self.per_problem.limits(unit) or getattr(self.per_run, unit) is not None
            if limited and rates.missing(unit):
                key = "cost.prices" if unit == "usd" else "cost.parameters"
                raise UsageError(
                    f"the budget is in {unit}, but {model} does not state what it costs; set {key}"
                )


@dataclass
class Spent:
    """Counters of one purpose."""

    samples: int = 0
    prompt_tokens: float = 0
    completion_tokens: float = 0
    flops: float = 0
    usd: float = 0
    paid_samples: int = 0
    paid_tokens: float = 0
    paid_usd: float = 0


@dataclass
class _Account:
    limits: dict[Unit, float]
    settled: dict[Unit, float] = field(default_factory=lambda: dict.fromkeys(UNITS, 0.0))
    reserved: dict[Unit, float] = field(default_factory=lambda: dict.fromkeys(UNITS, 0.0))
    outstanding: int = 0
    exhausted: bool = False
    needs: dict[Unit, float] | None = None  # limits for one sample more, once it was refused
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    change: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, more: Amounts) -> bool:
        return all(
            self.settled[u] + self.reserved[u] + more[u] <= self.limits[u] * (1 + SLACK)
            for u in UNITS
        )


class Ledger:
    """Admits, reserves and settles for all problems of a run."""

    def __init__(self, budget: BudgetConfig, problems: Sequence[str]) -> None:
        self.budget = budget
        self.problems = tuple(problems)
        self.spent: dict[Purpose, Spent] = {"solution": Spent(), "verification": Spent()}
        self._cap = {u: max(budget.per_problem.limits(u), default=math.inf) for u in UNITS}
        self._run = {u: getattr(budget.per_run, u) or math.inf for u in UNITS}
        share = {u: self._run[u] / max(1, len(self.problems)) for u in UNITS}
        self._shares = {p: dict(share) for p in self.problems}
        self._paid: dict[Purpose, Spent] = {"solution": Spent(), "verification": Spent()}
        seconds = budget.per_run.seconds
        self._deadline = math.inf if seconds is None else time.monotonic() + seconds
        self._late: set[str] = set()
        self.rounds = 1
        self._open()

    def _open(self) -> None:
        self._accounts = {
            p: _Account({u: min(self._cap[u], self._shares[p][u]) for u in UNITS})
            for p in self.problems
        }

    @property
    def exhausted(self) -> list[str]:
        """Problems that were refused a sample, by money or by time."""
        return [p for p, a in self._accounts.items() if a.exhausted or p in self._late]

    def seconds_left(self) -> float | None:
        """Until calls must have ended; None without a limit."""
        left = self._deadline - time.monotonic()
        return left if math.isfinite(left) else None

    def came_late(self, problem: str) -> None:
        """The time was up before a call for this problem had ended, so it gets no sample."""
        self._late.add(problem)

    def turn(self, problem: str) -> asyncio.Lock:
        """To be held from a request's first ticket until its last part is admitted or refused."""
        return self._accounts[problem].turn

    async def admit(self, problem: str, samples: int, worst: Callable[[int], Amounts]) -> int:
        """Reserve the worst case of a ticket; returns how many of its samples may be drawn now.

        worst(n): amounts that n samples can't exceed. Fewer than asked, but some: the rest may be
        asked for again; 0: the problem is exhausted. Every admitted ticket must be settled. The
        caller holds the problem's turn.
        """
        account = self._accounts[problem]
        while not account.exhausted:
            if account.fits(worst(samples)):
                return self._reserve(account, samples, worst)
            if account.outstanding:
                account.change.clear()
                await account.change.wait()
            elif fitting := _largest(samples - 1, lambda n: account.fits(worst(n))):
                return self._reserve(account, fitting, worst)
            else:
                account.exhausted = True
                more = worst(1)
                account.needs = {u: account.settled[u] + more[u] for u in UNITS}
        return 0

    def _reserve(self, account: _Account, samples: int, worst: Callable[[int], Amounts]) -> int:
        amounts = worst(samples)
        for u in UNITS:
            account.reserved[u] += amounts[u]
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
    ) -> None:
        """Replace a reservation by what was used. `paid` is the share not served by the journal."""
        account = self._accounts[problem]
        for u in UNITS:
            account.reserved[u] -= reserved[u]
            account.settled[u] += actual[u]
        account.outstanding -= 1
        account.change.set()
        spent, paid_for = self.spent[purpose], self._paid[purpose]
        spent.samples += samples
        spent.prompt_tokens += prompt_tokens
        spent.completion_tokens += completion_tokens
        spent.flops += actual["flops"]
        spent.usd += actual["usd"]
        paid_for.paid_samples += round(samples * paid)
        paid_for.paid_tokens += actual["tokens"] * paid
        paid_for.paid_usd += actual["usd"] * paid

    def next_round(self) -> bool:
        """Give what is left of the run's budget to problems that ran out of their share.

        Returns whether anybody got more; then all problems are to be gone through again, where the
        journal serves what was admitted before.
        """
        if self._late or time.monotonic() > self._deadline:
            return False
        run = {u: limit for u, limit in self._run.items() if math.isfinite(limit)}
        shares = run and raised_shares(
            {p: Standing(a.settled, self._shares[p], a.needs) for p, a in self._accounts.items()},
            run,
            self._cap,
        )
        if not shares:
            return False
        for problem, share in shares.items():
            self._shares[problem].update(share)
        self.spent = {"solution": Spent(), "verification": Spent()}
        self.rounds += 1
        self._open()
        return True

    def standing(self) -> dict[Unit, tuple[float, float, float | None]]:
        """By unit: settled, reserved, and the most that the problems' and the run's limits allow.

        May be called from another thread; the figures are then those of about this moment.
        """
        accounts = list(self._accounts.values())
        found: dict[Unit, tuple[float, float, float | None]] = {}
        for u in UNITS:
            most = min(self._run[u], self._cap[u] * len(accounts))
            settled = sum(a.settled[u] for a in accounts)
            reserved = sum(a.reserved[u] for a in accounts)
            found[u] = (settled, reserved, most if math.isfinite(most) else None)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Counters for the manifest: by purpose, used and really paid for."""
        out: dict[str, Any] = {"rounds": self.rounds, "exhausted_problems": len(self.exhausted)}
        for purpose, used in self.spent.items():
            paid = self._paid[purpose]
            out[purpose] = {
                "samples": used.samples,
                "prompt_tokens": used.prompt_tokens,
                "completion_tokens": used.completion_tokens,
                "flops": used.flops,
                "usd": used.usd,
                "paid_samples": paid.paid_samples,
                "paid_tokens": paid.paid_tokens,
                "paid_usd": paid.paid_usd,
            }
        return out


def _largest(high: int, fits: Callable[[int], bool]) -> int:
    """The largest n in 0..high that fits, given that fewer samples never cost more."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
