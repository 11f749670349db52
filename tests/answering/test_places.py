"""The line: nobody is served twice, no place is lost, whoever leaves."""

from __future__ import annotations

import asyncio
import random

import pytest

from ttc.answering.places import Places
from ttc.serve.errors import ApiError


def test_so_many_at_work_in_the_order_of_their_coming():
    async def all_of_them():
        places, done, most = Places(2, 100), [], 0

        async def one(i, place):
            nonlocal most
            await place.ready()
            most = max(most, places.working)
            await asyncio.sleep(0.001)
            done.append(i)
            place.leave(0.001)

        await asyncio.gather(*(one(i, places.enter()) for i in range(20)))
        return done, most, places.working, places.waiting

    done, most, working, waiting = asyncio.run(all_of_them())
    assert done == list(range(20))
    assert (most, working, waiting) == (2, 0, 0)


def test_the_line_is_bounded_and_says_how_long():
    async def full():
        places = Places(1, 1)
        first, second = places.enter(), places.enter()
        with pytest.raises(ApiError) as caught:
            places.enter()
        first.leave(90.0)
        third = places.enter()
        assert places.waiting == 1
        with pytest.raises(ApiError) as later:
            places.enter()
        second.leave()
        await third.ready()
        return caught.value, later.value

    early, late = asyncio.run(full())
    assert (early.status, early.headers["retry-after"]) == (429, "2")
    assert int(late.headers["retry-after"]) > 20


def test_whoever_leaves_whenever_no_place_is_lost():
    async def stormy(seed):
        rng, places = random.Random(seed), Places(3, 10)

        async def one():
            try:
                place = places.enter()
            except ApiError:
                return
            try:
                await place.ready(rng.choice([None, 0.0, 0.002]))
                await asyncio.sleep(rng.random() / 500)
            except ApiError:
                pass
            finally:
                place.leave()

        tasks = [asyncio.create_task(one()) for _ in range(40)]
        for task in tasks:
            await asyncio.sleep(rng.random() / 2000)
            rng.choice([task, *tasks]).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return places.working, places.waiting

    for seed in range(5):
        assert asyncio.run(stormy(seed)) == (0, 0)


def test_at_the_end_the_line_is_sent_away_and_work_goes_on():
    async def closing():
        places = Places(1, 5)
        working, waiting = places.enter(), places.enter()
        places.close()
        with pytest.raises(ApiError, match="stopping"):
            await waiting.ready()
        with pytest.raises(ApiError, match="stopping"):
            places.enter()
        await working.ready()
        working.leave()
        waiting.leave()
        return places.working

    assert asyncio.run(closing()) == 0
