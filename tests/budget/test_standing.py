"""What a ledger shows of itself while rounds go on."""

import asyncio
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import UNITS
from ttc.budget.ledger import BudgetConfig, Ledger, RunBudget

PRICE = 1e-6 / 3  # of a token, in dollars


def amounts(tokens, calls=1):
    return {"tokens": tokens, "flops": 0.0, "usd": tokens * PRICE, "calls": calls}


async def go_through(ledger, wanted, after_each):
    """Every problem's samples, one ticket each, some of them under way at a time."""

    async def use(problem, used):
        for _ in range(used % 4):
            await asyncio.sleep(0)
        settle(ledger, problem, used)
        after_each()

    async def one(problem):
        calls = []
        for used in wanted[problem]:
            if not await ledger.admit(problem, 1, lambda n: amounts(10 * n, n)):
                break
            calls.append(asyncio.create_task(use(problem, used)))
            after_each()
        await asyncio.gather(*calls)

    await asyncio.gather(*map(one, wanted))


def settle(ledger, problem, used):
    ledger.settle(
        problem,
        "solver",
        amounts(10),
        amounts(used),
        prompt_tokens=0,
        completion_tokens=used,
        samples=1,
        paid=1.0,
    )


uses = st.lists(st.integers(0, 10), max_size=12)


@settings(deadline=None)
@given(st.lists(uses, min_size=1, max_size=5), st.integers(10, 300))
def test_what_is_spent_never_falls_and_in_the_end_nothing_is_reserved(all_uses, limit):
    wanted = {f"p{i}": each for i, each in enumerate(all_uses)}
    ledger = Ledger(BudgetConfig(per_run=RunBudget(tokens=limit, usd=limit * PRICE)), list(wanted))
    seen = dict.fromkeys(UNITS, 0.0)

    def look():
        for unit, (spent, reserved, most) in ledger.standing().items():
            assert spent >= seen[unit] * (1 - 1e-9)
            assert reserved >= 0
            if most is not None:
                assert spent <= most * (1 + 1e-9)
            seen[unit] = spent

    asyncio.run(go_through(ledger, wanted, look))
    while ledger.next_round():
        look()
        asyncio.run(go_through(ledger, wanted, look))
    assert [reserved for _, reserved, _ in ledger.standing().values()] == [0] * len(UNITS)


def test_counters_in_the_midst_of_a_round_are_those_of_the_last_one():
    ledger = Ledger(BudgetConfig(per_run=RunBudget(tokens=100)), ["a", "b"])
    asyncio.run(go_through(ledger, {"a": [10] * 9, "b": [1]}, lambda: None))
    assert ledger.next_round()
    assert ledger.as_dict()["roles"]["solver"]["samples"] == 6
    asyncio.run(go_through(ledger, {"a": [10] * 9, "b": [1]}, lambda: None))
    assert ledger.as_dict()["roles"]["solver"]["samples"] == 10


def test_time_runs_from_the_start_of_the_run():
    limited = BudgetConfig(per_run=RunBudget(seconds=100))
    assert Ledger(limited, ["a"], time.monotonic() - 90).seconds_left() <= 10
    assert 99 < Ledger(limited, ["a"]).seconds_left() <= 100
