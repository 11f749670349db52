"""Limits in every unit, for a problem and for the run, all at once and in any order of replies."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import UNITS, Rates
from ttc.budget.flops import FlopCounter
from ttc.budget.ledger import BudgetConfig, Ledger

RATES = Rates(FlopCounter(20.0, 30.0, 0.5), 2e-6, 8e-6)  # with a term that grows with context
PROMPT, LONGEST = 7, 10
# About what a few dozen samples take.
LIMITS = {"tokens": 600, "flops": 20_000, "usd": 0.003, "calls": 40}

limits = st.fixed_dictionaries(
    {}, optional={u: st.floats(0.01, 1).map(lambda s, u=u: s * LIMITS[u]) for u in UNITS}
)
uses = st.lists(st.integers(0, LONGEST), min_size=1, max_size=4)
wanted = st.lists(st.lists(uses, min_size=1, max_size=8), min_size=1, max_size=5)
pauses = st.lists(st.integers(0, 9), min_size=1, max_size=12)


def worst(n):
    return RATES.of_samples(PROMPT, [LONGEST] * n, n)


class Play:
    """Problems ask for their tickets at the same time; every call returns after its pause.

    `held` is real money: what was paid for over all rounds, and what calls under way may cost. A
    sample of an earlier round comes from the journal and costs nothing.
    """

    def __init__(self, budget, wanted, pauses):
        self.ledger = Ledger(budget, [f"p{i}" for i in range(len(wanted))])
        self.budget, self.wanted, self.pauses = budget, wanted, pauses
        self.held = {p: dict.fromkeys(UNITS, 0.0) for p in self.ledger.problems}
        self.drawn = {(p, i): 0 for p, tickets in enumerate(wanted) for i in range(len(tickets))}

    def hold(self, problem, amounts, sign=1):
        for unit in UNITS:
            self.held[problem][unit] += sign * amounts[unit]
            each = [held[unit] for held in self.held.values()]
            most = max(self.budget.per_problem.limits(unit), default=float("inf"))
            assert max(each) <= most * (1 + 1e-6)
            assert sum(each) <= (getattr(self.budget.per_run, unit) or float("inf")) * (1 + 1e-6)

    async def finish(self, problem, uses, new, pause):
        """A call returns, of whose samples the last `new` were not in the journal."""
        for _ in range(pause):
            await asyncio.sleep(0)
        fresh = uses[len(uses) - new :]
        self.hold(problem, worst(new), -1)
        self.hold(problem, RATES.of_samples(PROMPT, fresh, new))
        self.ledger.settle(
            problem,
            "solver",
            worst(len(uses)),
            RATES.of_samples(PROMPT, uses, len(uses)),
            prompt_tokens=PROMPT * len(uses),
            completion_tokens=sum(uses),
            samples=len(uses),
            paid=new / len(uses),
        )

    async def one(self, number):
        problem, tasks, counts = f"p{number}", [], 0
        for i, uses in enumerate(self.wanted[number]):
            done, before = 0, self.drawn[number, i]
            while done < len(uses) and (
                got := await self.ledger.admit(problem, len(uses) - done, worst)
            ):
                part, done = uses[done : done + got], done + got
                new = min(got, max(0, done - before))
                self.hold(problem, worst(new))
                pause = self.pauses[(number * 7 + i) % len(self.pauses)]
                tasks.append(asyncio.create_task(self.finish(problem, part, new, pause)))
            assert done >= before, "a replay admits what was admitted before"
            self.drawn[number, i] = done
            counts += done
        await asyncio.gather(*tasks)
        return counts

    async def sweep(self):
        return await asyncio.gather(*map(self.one, range(len(self.wanted))))

    def rounds(self):
        counts = [asyncio.run(self.sweep())]
        while self.ledger.next_round():
            counts.append(asyncio.run(self.sweep()))
            assert len(counts) < 1000
        return counts


@given(limits, limits, wanted, pauses, pauses)
@settings(deadline=None)
def test_no_limit_is_passed_at_any_moment_and_order_changes_nothing(
    per_problem, per_run, wanted, first, second
):
    budget = BudgetConfig(per_problem=per_problem, per_run=per_run)
    counts = Play(budget, wanted, first).rounds()
    assert Play(budget, wanted, second).rounds() == counts
    if not per_problem and not per_run:
        assert counts == [[sum(map(len, tickets)) for tickets in wanted]]
