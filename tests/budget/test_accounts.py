"""The tree of accounts: no interleaving passes a limit or changes what is admitted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ttc.budget.cost import Rates
from ttc.budget.ledger import BudgetConfig, Ledger

RATES = Rates(None, None, None)
WORST = 10  # tokens of one sample, at most

requests = st.lists(st.lists(st.integers(0, WORST), min_size=1, max_size=4), max_size=5)
branches = st.lists(st.tuples(st.integers(0, 4), requests), max_size=3)
part = st.tuples(st.integers(1, 3), requests, branches, requests)
"""Its weight, what it asks for at first, by its branches with their shares, and after these."""
parts = st.lists(part, min_size=1, max_size=4)
pauses = st.lists(st.integers(0, 7), min_size=1, max_size=9)


def worst(n: int) -> Any:
    return RATES.amounts(0, n * WORST, n)


class Sweep:
    """One round of a problem: its parts in turn, their branches side by side."""

    def __init__(self, ledger: Ledger, problem: str, order: Sequence[int]) -> None:
        self.ledger, self.problem, self.order = ledger, problem, order
        self.admitted: dict[tuple, list[int]] = {}
        self.steps = 0

    async def play(self, wanted) -> None:
        for i, (weight, first, split, later) in enumerate(wanted):
            place = ("solve",) if i == 0 else ("verify", i - 1)
            whole = sum(one[0] for one in wanted[i:])
            self.ledger.open(self.problem, place, weight, whole)
            await self._ask(place, 0, first)
            shares = sum(share for share, _ in split) or 1
            places = {(*place, b): share / shares for b, (share, _) in enumerate(split)}
            self.ledger.split(self.problem, place, places)
            work = zip(places, split, strict=True)
            await asyncio.gather(*(self._ask(at, 0, asked) for at, (_, asked) in work))
            await self._ask(place, len(first), later)
        self.ledger.done(self.problem)

    async def _ask(self, place: tuple, number: int, wanted) -> None:
        """Requests one after the other, whose parts are under way together."""
        counts = self.admitted.setdefault(place, [])
        for i, uses in enumerate(wanted, number):
            tasks, rest = [], uses
            async with self.ledger.turn(self.problem, place):
                while rest and (n := await self._admit(place, i, uses, rest)):
                    tasks.append(asyncio.create_task(self._settle(place, rest[:n])))
                    rest = rest[n:]
            await asyncio.gather(*tasks)
            counts.append(len(uses) - len(rest))

    async def _admit(self, place, i, uses, rest) -> int:
        content, start = repr((place, i)).encode(), len(uses) - len(rest)
        n = await self.ledger.admit(self.problem, len(rest), worst, place, content, start)
        self._check()
        return n

    async def _settle(self, place, uses) -> None:
        self.steps += 1
        for _ in range(self.order[self.steps % len(self.order)]):
            await asyncio.sleep(0)
        self.ledger.settle(
            self.problem,
            "any",
            worst(len(uses)),
            RATES.amounts(0, sum(uses), len(uses)),
            prompt_tokens=0,
            completion_tokens=sum(uses),
            samples=len(uses),
            paid=1.0,
            place=place,
        )
        self._check()

    def _check(self) -> None:
        """What a further round repeats was sampled before: to reserve it spends nothing."""
        book, first = self.ledger._books[self.problem], self.ledger.rounds == 1
        for pot in (book, *book.accounts.values()):
            for unit in ("tokens", "calls"):
                taken = pot.settled[unit] + (pot.reserved[unit] if first else 0)
                assert taken <= pot.limits[unit] * (1 + 1e-6) + 1e-6, (
                    self.ledger.rounds,
                    unit,
                    pot,
                )


def play(budget, problems, order, rounds=True):
    """All rounds; what was admitted in each, by problem and account."""
    ledger, history = Ledger(BudgetConfig(**budget), list(problems), rounds=rounds), []

    async def sweep() -> dict[str, Sweep]:
        sweeps = {p: Sweep(ledger, p, order[i:] + order[:i]) for i, p in enumerate(problems)}
        await asyncio.gather(*(s.play(problems[p]) for p, s in sweeps.items()))
        return sweeps

    while True:
        sweeps = asyncio.run(sweep())
        history.append({p: s.admitted for p, s in sweeps.items()})
        if not ledger.next_round():
            return ledger, history
        assert len(history) < 500


def samples(counts) -> int:
    return sum(map(sum, counts.values()))


@given(parts, st.integers(1, 400), pauses, pauses)
def test_a_problem_s_accounts(wanted, limit, one, other):
    budget = {"per_problem": {"tokens": limit}}
    ledger, history = play(budget, {"p": wanted}, one)
    assert play(budget, {"p": wanted}, other)[1] == history
    assert ledger._books["p"].settled["tokens"] <= limit
    for before, after in pairwise(history):
        for place, counts in before["p"].items():
            assert sum(after["p"][place]) >= sum(counts), "a further round repeats the one before"


@given(st.lists(parts, min_size=1, max_size=3), st.integers(1, 900), st.integers(1, 60), pauses)
def test_a_run_s_accounts(wanted, tokens, calls, order):
    problems = {f"p{i}": one for i, one in enumerate(wanted)}
    budget = {"per_run": {"tokens": tokens, "calls": calls}, "per_problem": {"tokens": 300}}
    ledger, history = play(budget, problems, order)
    assert play(budget, problems, [0])[1] == history
    books = ledger._books.values()
    assert sum(book.settled["tokens"] for book in books) <= tokens * (1 + 1e-6)
    assert sum(book.settled["calls"] for book in books) <= calls * (1 + 1e-6)
    assert all(book.settled["tokens"] <= 300 for book in books)


@given(parts, st.integers(1, 400), st.integers(1, 400), pauses)
def test_a_larger_limit_admits_as_much_of_the_first_part(wanted, limit, more, order):
    small, large = (
        play({"per_problem": {"tokens": n}}, {"p": wanted[:1]}, order, rounds=False)[1][0]["p"]
        for n in (limit, limit + more)
    )
    assert small[("solve",)][: len(wanted[0][1])] <= large[("solve",)][: len(wanted[0][1])]


@given(parts, st.integers(1, 400), pauses)
def test_a_refusal_closes_its_own_account_only(wanted, limit, order):
    ledger, history = play({"per_problem": {"tokens": limit}}, {"p": wanted}, order, rounds=False)
    asked = {("solve",) if i == 0 else ("verify", i - 1): one for i, one in enumerate(wanted)}
    for place, account in ledger._books["p"].accounts.items():
        _, first, split, later = asked[place[:2] if place[0] == "verify" else place[:1]]
        branch = place[2:] if place[0] == "verify" else place[1:]
        mine = split[branch[0]][1] if branch else [*first, *later]
        got = history[-1]["p"][place]
        assert account.exhausted == (got != [len(uses) for uses in mine])
        if account.exhausted and branch:  # by its own limits: no sample more fits into these
            assert account.settled["tokens"] + WORST > account.limits["tokens"]
