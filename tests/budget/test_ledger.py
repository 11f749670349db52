"""The ledger: no interleaving of calls passes a limit or changes what is admitted."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import CostConfig, Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import ModelIdentity
from ttc.errors import UsageError

RATES = Rates(None, None, None)
WORST = 10  # tokens of one sample, at most

# The actual token counts of each ticket's samples.
use = st.lists(st.integers(0, WORST), min_size=1, max_size=5)
tickets = st.lists(use, min_size=1, max_size=12)


def worst(n):
    return RATES.amounts(0, n * WORST, n)


async def sweep(ledger, wanted, pauses, limit=float("inf")):
    """Ask for every problem's tickets at once; calls return after their pauses."""
    held = dict.fromkeys(wanted, 0)
    admitted = {}

    async def finish(problem, uses, pause):
        for _ in range(pause):
            await asyncio.sleep(0)
        used = sum(uses)
        held[problem] += used - len(uses) * WORST
        ledger.settle(
            problem,
            "solver",
            worst(len(uses)),
            RATES.amounts(0, used, len(uses)),
            prompt_tokens=0,
            completion_tokens=used,
            samples=len(uses),
            paid=1.0,
        )

    async def one(problem, number):
        tasks, counts = [], []
        for i, uses in enumerate(wanted[problem]):
            rest = uses
            while rest and (got := await ledger.admit(problem, len(rest), worst)):
                held[problem] += got * WORST
                assert held[problem] <= limit
                pause = pauses[(number * 7 + i) % len(pauses)]
                tasks.append(asyncio.create_task(finish(problem, rest[:got], pause)))
                rest = rest[got:]
            counts.append(len(uses) - len(rest))
        await asyncio.gather(*tasks)
        admitted[problem] = counts

    await asyncio.gather(*(one(p, i) for i, p in enumerate(wanted)))
    return admitted, held


pauses = st.lists(st.integers(0, 9), min_size=1, max_size=12)
one_by_one = st.lists(st.integers(0, WORST).map(lambda used: [used]), min_size=1, max_size=12)


@given(tickets, st.integers(1, 300), pauses, pauses)
@settings(deadline=None)
def test_order_of_replies_changes_nothing_and_the_limit_holds(wanted, limit, first, second):
    def play(order):
        ledger = Ledger(BudgetConfig(per_problem={"tokens": limit}), ["p"])
        admitted, used = asyncio.run(sweep(ledger, {"p": wanted}, order, limit))
        return admitted["p"], used["p"], bool(ledger.exhausted)

    counts, used, exhausted = play(first)
    assert play(second) == (counts, used, exhausted)
    assert used <= limit
    asked = [len(uses) for uses in wanted]
    assert exhausted == (counts != asked)
    # A prefix: whole tickets, at most one cut, then nothing.
    cut = next((i for i, (a, b) in enumerate(zip(counts, asked, strict=True)) if a < b), None)
    if cut is not None:
        assert not any(counts[cut + 1 :])
        # And the largest prefix: one more sample could have passed the limit.
        assert used + WORST > limit


@given(st.lists(tickets, min_size=1, max_size=5), st.integers(1, 400), pauses, pauses)
@settings(deadline=None)
def test_a_run_ends_within_its_limit_whatever_the_order(wanted, limit, first, second):
    named = {f"p{i}": w for i, w in enumerate(wanted)}

    def play(order):
        ledger = Ledger(BudgetConfig(per_run={"tokens": limit}), list(named))
        history = []
        while True:
            admitted, used = asyncio.run(sweep(ledger, named, order))
            assert sum(used.values()) <= limit * (1 + 1e-6)
            if history:
                for p, counts in history[-1].items():
                    assert sum(admitted[p]) >= sum(counts)
            history.append(admitted)
            if not ledger.next_round():
                return history
            assert len(history) < 1000

    assert play(first) == play(second)


@given(
    st.lists(one_by_one, min_size=1, max_size=5),
    st.integers(50, 900),
    st.one_of(st.none(), st.integers(20, 300)),
    st.integers(1, 60),
    pauses,
)
@settings(deadline=None)
def test_what_belongs_to_no_problem_takes_nothing_from_any(work, limit, cap, other, order):
    """Asked for before, it gets what no problem can use; afterwards what is left, to the limit."""
    named = {f"p{i}": w for i, w in enumerate(work)}
    per_problem = {} if cap is None else {"tokens": cap}
    budget = BudgetConfig(per_problem=per_problem, per_run={"tokens": limit})
    worst = RATES.amounts(0, other, 1)

    def play(ask):
        ledger = Ledger(budget, list(named))
        taken = other if ask and ledger.beside(worst, over=False) else 0
        history = []
        while True:
            admitted, used = asyncio.run(sweep(ledger, named, order))
            history.append(admitted)
            if not ledger.next_round():
                break
        bill = sum(used.values())
        for problem, amount in used.items():
            charge(ledger, problem, amount)
        if ask and ledger.beside(worst, over=True):
            taken += other
        assert bill + taken <= limit * (1 + 1e-6)
        assert ledger.standing()["tokens"][0] == pytest.approx(bill + taken)
        return history

    assert play(ask=False) == play(ask=True)


def charge(ledger, problem, tokens):
    """What a call really was billed."""
    amounts = RATES.amounts(0, tokens, 0)
    asyncio.run(ledger.bills.hold(problem, 1, lambda n: amounts))
    ledger.bills.settle(problem, amounts, amounts)


def test_without_a_limit_of_the_run_there_is_room_for_anything():
    budget = BudgetConfig(per_problem={"tokens": 100}, per_run={"seconds": 60})
    ledger = Ledger(budget, ["a", "b"])
    asyncio.run(sweep(ledger, {"a": [[1]]}, [0]))
    pot = ledger.beside(RATES.amounts(0, 1e9, 1e9), over=False)
    assert pot.fits(RATES.amounts(0, 1e12, 1e12))
    assert ledger.standing()["tokens"] == (1, 0, 200)


def test_what_one_problem_leaves_goes_to_the_one_that_ran_out():
    ledger = Ledger(BudgetConfig(per_run={"calls": 20}), ["easy", "hard"])
    wanted = {"easy": [[1]], "hard": [[1]] * 100}
    admitted, _ = asyncio.run(sweep(ledger, wanted, [0]))
    assert sum(admitted["hard"]) == 10
    while ledger.next_round():
        admitted, _ = asyncio.run(sweep(ledger, wanted, [0]))
    assert (sum(admitted["easy"]), sum(admitted["hard"])) == (1, 19)
    assert ledger.as_dict()["roles"]["solver"]["samples"] == 20


def rounds(ledger, wanted):
    """Sweep until the ledger has no more; samples of each problem, and how many sweeps it took."""
    for sweeps in range(1, 1000):
        admitted, used = asyncio.run(sweep(ledger, wanted, [0]))
        if not ledger.next_round():
            return {p: sum(counts) for p, counts in admitted.items()}, used, sweeps
    raise AssertionError("never ends")


def test_a_share_below_one_sample_still_buys_samples_for_some():
    """100 problems share 300 tokens; a sample reserves 10 and takes 5, so nearly 60 fit."""
    names = [f"p{i}" for i in range(100)]
    ledger = Ledger(BudgetConfig(per_run={"tokens": 300}), names)
    counts, used, sweeps = rounds(ledger, {p: [[5]] * 4 for p in names})
    assert sum(used.values()) == 290 or sum(used.values()) == 295
    assert set(counts.values()) == {0, 1}, "a second sample comes after everybody's first"
    assert [counts[p] for p in names] == sorted(counts.values(), reverse=True)
    assert sweeps < 8


@given(st.lists(one_by_one, min_size=1, max_size=8), st.integers(1, 500))
@settings(deadline=None)
def test_nothing_worth_a_sample_is_left(wanted, limit):
    named = {f"p{i}": w for i, w in enumerate(wanted)}
    ledger = Ledger(BudgetConfig(per_run={"tokens": limit}), list(named))
    counts, used, _ = rounds(ledger, named)
    left = limit - sum(used.values())
    assert left >= -1e-6
    short = [p for p, w in named.items() if counts[p] < sum(map(len, w))]
    assert bool(short) == bool(ledger.exhausted)
    if short:
        assert left < WORST or left < 0.02 * limit
    for p in short:
        if counts[p] == 0:
            assert left < WORST


def test_two_units_hold_at_once():
    names = ["a", "b", "c"]
    ledger = Ledger(BudgetConfig(per_run={"tokens": 100, "calls": 14}), names)
    wanted = {"a": [[10]] * 9, "b": [[1]] * 9, "c": [[0]] * 9}
    counts, used, _ = rounds(ledger, wanted)
    assert sum(counts.values()) <= 14
    assert sum(used.values()) <= 100
    assert sum(counts.values()) >= 13 or sum(used.values()) > 100 - WORST


def test_when_the_time_is_up_there_is_no_further_round(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("ttc.budget.ledger.time.monotonic", lambda: clock[0])
    budget = BudgetConfig(per_run={"seconds": 60, "calls": 4})
    ledger = Ledger(budget, ["a", "b"])
    assert ledger.seconds_left() == 60
    asyncio.run(sweep(ledger, {"a": [[1]], "b": [[1]] * 9}, [0]))
    assert ledger.exhausted == ["b"]
    clock[0] = 160.5
    assert ledger.seconds_left() == -0.5
    assert not ledger.next_round()
    ledger.came_late("a")
    assert ledger.exhausted == ["a", "b"]
    assert Ledger(BudgetConfig(), ["a"]).seconds_left() is None


def test_a_problems_own_limit_holds_in_every_round():
    budget = BudgetConfig(per_run={"calls": 20}, per_problem={"calls": 5})
    ledger = Ledger(budget, ["a", "b"])
    admitted, _ = asyncio.run(sweep(ledger, {"a": [[1]] * 9, "b": [[1]] * 9}, [0]))
    assert {p: sum(c) for p, c in admitted.items()} == {"a": 5, "b": 5}
    assert not ledger.next_round()


def test_the_largest_listed_limit_holds():
    ledger = Ledger(BudgetConfig(per_problem={"calls": [2, 6, 4]}), ["p"])
    admitted, _ = asyncio.run(sweep(ledger, {"p": [[1]] * 9}, [3]))
    assert sum(admitted["p"]) == 6


@pytest.mark.parametrize(("unit", "key"), [("usd", "cost.prices"), ("flops", "cost.parameters")])
@pytest.mark.parametrize("scope", ["per_problem", "per_run"])
def test_a_limit_that_can_not_be_counted_names_the_missing_key(unit, key, scope):
    budget = BudgetConfig(**{scope: {unit: 1}})
    with pytest.raises(UsageError, match=key):
        budget.require(CostConfig().rates(ModelIdentity("b", "m")), "m")


def test_known_rates_make_any_limit_countable():
    cost = CostConfig(parameters=10, prices={"prompt_per_million": 1, "completion_per_million": 2})
    rates = cost.rates(ModelIdentity("b", "m"))
    BudgetConfig(per_run={"usd": 1, "flops": 1}).require(rates, "m")
    assert rates.amounts(3, 4, 1) == {
        "tokens": 7,
        "flops": 140,
        "usd": pytest.approx(11e-6),
        "calls": 1,
    }
