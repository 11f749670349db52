"""What counts against budgets: a cost model's convention and a server's bill, whichever is more."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.budget.cost import Rates
from ttc.budget.flops import FlopCounter
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import Completion
from ttc.engine.charges import NOTHING, Charges, Prompts, Vain

RATES = Rates(FlopCounter.simple(1), 1.0, 10.0)


def charges(*, once=True, served=True, bound=100, max_tokens=20):
    prompts = Prompts("m", careful=False)
    return Charges(RATES, prompts, bound, max_tokens, once=once, served=served)


def sample(tokens=5, **more):
    return Completion("x", "stop", 60, tokens, **more)


def test_a_server_bills_the_prompt_of_each_request():
    replies = [sample(), sample(requests=0), sample()]  # two came with one request, one alone
    amounts = charges().actual(0, replies, NOTHING)
    assert amounts["tokens"] == 2 * 60 + 15
    assert amounts["usd"] == 2 * 60 + 150
    assert amounts["flops"] == 2 * (60 + 15), "a cached prefix is computed once, as the model says"
    assert charges(served=False).actual(0, replies, NOTHING)["tokens"] == 60 + 15


def test_a_cost_model_may_count_more_than_is_billed():
    replies = [sample(), sample(requests=0)]
    assert charges(once=False).actual(0, replies, NOTHING)["tokens"] == 2 * 60 + 10


def test_what_was_lost_is_charged_at_its_worst():
    once_lost = sample(requests=2, lost_samples=3)
    assert charges().actual(4, [once_lost], NOTHING)["tokens"] == 2 * 60 + 5 + 3 * 20
    vain = charges().actual(0, [], Vain(2, 6))
    assert vain["tokens"] == 2 * 100 + 6 * 20
    assert vain["calls"] == 6


@given(
    start=st.integers(0, 3),
    groups=st.lists(
        st.tuples(st.lists(st.integers(0, 20), min_size=1, max_size=4), st.integers(0, 2)),
        max_size=4,
    ),
    once=st.booleans(),
    prompt=st.integers(1, 100),
)
def test_reservations_are_bounds(start, groups, once, prompt):
    """Of any way in which replies bring the samples, with requests lost on the way."""
    part = charges(once=once)
    samples = sum(len(lengths) for lengths, _ in groups)
    reserved = part.worst(start, samples)
    repeats = max(0, len(groups) - part.prompts_in(start, samples))
    more = part.more_prompts(repeats)
    reserved = {u: reserved[u] + more[u] for u in reserved}
    drawn = []
    for lengths, lost in groups:
        first, *rest = lengths
        wasted = lost * len(lengths)
        drawn.append(Completion("", "stop", prompt, first, requests=1 + lost, lost_samples=wasted))
        drawn += [Completion("", "stop", prompt, n, requests=0) for n in rest]
        for _ in range(lost):
            reserved = {u: reserved[u] + more for u, more in part.lost(len(lengths)).items()}
    amounts = part.actual(start, drawn, NOTHING)
    assert all(amounts[unit] <= reserved[unit] for unit in amounts)


def test_prompts_that_a_server_makes_longer(caplog):
    part = charges(bound=50)
    part.prompts.saw(49, 50)
    assert part.most_prompt_tokens == 50
    part.prompts.saw(80, 50)
    part.prompts.saw(70, 50)
    assert part.most_prompt_tokens == 80
    assert caplog.text.count("adds some of its own") == 1


def test_what_counts_is_the_same_whoever_drew_the_samples_and_how():
    alone = [sample() for _ in range(4)]
    together = [sample(), *(sample(requests=0) for _ in range(3))]
    lost = [sample(requests=3, lost_samples=8), *together[1:]]
    part = charges()
    assert part.counted(4, alone) == part.counted(4, together) == part.counted(4, lost)
    assert part.counted(4, alone)["tokens"] == 60 + 4 * 5
    assert part.counted(4, []) == dict.fromkeys(part.counted(4, []), 0)


def test_choices_beyond_those_asked_for_are_charged_and_reserved(caplog):
    part = charges()
    reply = [sample(surplus=3, surplus_tokens=15)]
    assert part.billed(4, reply)["tokens"] == 60 + 5 + 15
    assert part.billed(4, reply)["calls"] == 1
    assert part.counted(4, reply)["tokens"] == 60 + 5 + 15
    part.prompts.gave(reply, part.max_tokens)
    assert part.worst(4, 1)["tokens"] == 100 + 4 * 20
    assert "more choices than it is asked for" in caplog.text


def test_a_server_that_gives_fewer_is_known_by_its_first_reply_only():
    short = [sample(gave=1)]
    part = charges()
    part.prompts.gave(short, part.max_tokens)
    assert part.worst(4, 4)["tokens"] == 4 * 100 + 4 * 20
    assert part.counted(4, [sample() for _ in range(4)])["tokens"] == 4 * 60 + 4 * 5
    other = charges()
    other.prompts.gave([sample(), sample(requests=0)], other.max_tokens)
    other.prompts.gave(short, other.max_tokens)
    assert other.worst(4, 4)["tokens"] == 100 + 4 * 20


def test_the_first_call_goes_alone_where_a_budget_depends_on_it():
    async def play():
        prompts = Prompts("m", careful=True)
        await prompts.turn()
        others = [asyncio.create_task(prompts.turn()) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(other.done() for other in others)
        prompts.over()
        await asyncio.gather(*others)
        await prompts.turn()

    asyncio.run(play())


def tokens(n):
    return Rates(None, None, None).amounts(0, n, 1)


def settle(ledger, reserved, used, vain=None):
    ledger.settle(
        "a",
        "solver",
        tokens(reserved),
        tokens(used),
        prompt_tokens=0,
        completion_tokens=used,
        samples=1,
        paid=1.0,
        vain=vain and tokens(vain),
    )


@pytest.fixture
def ledger():
    """One problem with room for 100 tokens."""
    return Ledger(BudgetConfig(per_problem={"tokens": 100}), ["a"])


async def more_room(ledger, ticket) -> bool:
    return await ledger.make_room("a", ticket, 1, lambda n: tokens(40 * n)) > 0


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_repeated_request_waits_for_what_others_leave_and_goes_before_new_ones(ledger):
    async def play():
        for _ in range(2):
            assert await ledger.admit("a", 1, lambda n: tokens(40)) == 1
        again = asyncio.create_task(more_room(ledger, 0))
        new = asyncio.create_task(ledger.admit("a", 1, lambda n: tokens(20)))
        await settled()
        assert not again.done()
        assert not new.done(), "though it would fit"
        settle(ledger, 40, 10)
        assert await again
        settle(ledger, 80, 50)
        assert await new == 1

    asyncio.run(play())


def test_where_all_wait_the_last_one_gives_way(ledger):
    async def play():
        for _ in range(2):
            await ledger.admit("a", 1, lambda n: tokens(40))
        first = asyncio.create_task(more_room(ledger, 0))
        await settled()
        assert not await more_room(ledger, 1)
        settle(ledger, 40, 20, vain=20)
        assert await first
        settle(ledger, 80, 60)
        assert ledger.exhausted == ["a"]
        assert ledger.standing()["tokens"][0] == 80

    asyncio.run(play())


def test_what_was_spent_in_vain_stays_spent_in_later_rounds():
    async def play():
        ledger = Ledger(BudgetConfig(per_run={"tokens": 200}), ["a", "b"])
        await ledger.admit("a", 1, lambda n: tokens(90))
        assert not await more_room(ledger, 0)
        settle(ledger, 90, 30, vain=30)
        assert ledger.next_round()
        assert await ledger.admit("a", 1, lambda n: tokens(171)) == 0

    asyncio.run(play())
