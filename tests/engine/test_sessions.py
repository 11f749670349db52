"""Sessions: each its own limits, all together those of the engine."""

from __future__ import annotations

import asyncio

import pytest

from ttc.budget.bills import Bills
from ttc.budget.cost import UNITS


def amounts(tokens):
    return dict.fromkeys(UNITS, 0.0) | {"tokens": float(tokens)}


def limits(tokens):
    return dict.fromkeys(UNITS, float("inf")) | {"tokens": float(tokens)}


NONE = limits(float("inf"))


def test_parts_of_a_whole_pass_no_limit_of_it():
    async def together():
        whole = Bills(limits(100), NONE, [])
        parts = [Bills(NONE, limits(30), ["p"], above=whole) for _ in range(10)]
        got = []

        async def one(part):
            n = await part.hold("p", 5, lambda n: amounts(6 * n))
            await asyncio.sleep(0)
            if n:
                part.settle("p", amounts(6 * n), amounts(5 * n))
            got.append(n)

        await asyncio.gather(*map(one, parts))
        return whole, parts, got

    whole, parts, got = asyncio.run(together())
    spent = sum(part.billed["tokens"] for part in parts)
    assert spent == whole.billed["tokens"] == 5 * sum(got) <= 100
    assert 100 - spent < 6, "all that a sample fits into is used"
    assert whole.left()["tokens"] == 100 - spent


def test_a_part_keeps_its_own_limit_where_the_whole_has_more():
    async def alone():
        whole = Bills(limits(1000), NONE, [])
        part = Bills(NONE, limits(20), ["p"], above=whole)
        return await part.hold("p", 9, lambda n: amounts(6 * n))

    assert asyncio.run(alone()) == 3


def test_what_others_hold_is_waited_for():
    async def two():
        whole = Bills(limits(10), NONE, [])
        first, second = (Bills(NONE, NONE, ["p"], above=whole) for _ in range(2))
        assert await first.hold("p", 1, lambda n: amounts(8 * n)) == 1
        waiting = asyncio.create_task(second.hold("p", 1, lambda n: amounts(8 * n)))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        first.settle("p", amounts(8), amounts(1))
        return await waiting

    assert asyncio.run(two()) == 1


@pytest.mark.parametrize("charged", [4.0, 10.0])
def test_what_is_for_nobody_counts_for_the_whole(charged):
    async def beside():
        whole = Bills(limits(10), NONE, [])
        part = Bills(NONE, NONE, ["p"], above=whole)
        whole.charge(amounts(charged))
        return await part.hold("p", 3, lambda n: amounts(2 * n))

    assert asyncio.run(beside()) == (10 - charged) // 2
