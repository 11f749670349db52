"""A paused engine sends nothing, whatever waits; other settings hold from the moment they come."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.engine.breaker import Breaker
from ttc.engine.buckets import Bucket
from ttc.engine.engine import Engine
from ttc.engine.limit import Limit
from ttc.engine.live_settings import FIXED, LIVE
from ttc.engine.settings import EngineSettings


class Counted:
    """Answers each call when `go` is set; `sent` are the calls that came."""

    capabilities = Capabilities(raw=True, max_n=1)

    def __init__(self):
        self.sent = 0
        self.go = asyncio.Event()

    async def identify(self):
        return ModelIdentity("counted", "counted", revision="1")

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        self.sent += 1
        await self.go.wait()
        return [Completion(str(call.seeds[0]), "stop", 5, 1)]

    async def close(self):
        pass


def with_engine(folder, scenario, **settings):
    """`scenario(engine, backend, drawing)` of eight calls."""

    async def work():
        backend = Counted()
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=BudgetConfig(),
            cost=CostConfig(),
            seed=0,
            problems=["p"],
            settings=EngineSettings(**settings),
        )
        async with engine:
            model = await engine.attach(backend)
            params = SamplingParams(max_tokens=9)
            sample = model.sample(Prompt(text="?"), params, 8, problem_id="p", role="solver")
            drawing = asyncio.create_task(sample)
            await scenario(engine, backend, drawing)
            drawing.cancel()
            await asyncio.gather(drawing, return_exceptions=True)

    asyncio.run(work())


async def a_while():
    await asyncio.sleep(0.1)


def kept(folder):
    with sqlite3.connect(folder / "journal.sqlite") as journal:
        return journal.execute("SELECT count(*) FROM completions").fetchone()[0]


def test_calls_under_way_end_and_no_other_is_sent_until_the_engine_goes_on(tmp_path):
    async def scenario(engine, backend, drawing):
        await a_while()
        engine.pause()
        assert (backend.sent, engine.under_way) == (3, 3)
        backend.go.set()
        await a_while()
        assert (backend.sent, engine.under_way) == (3, 0)
        assert kept(tmp_path) == 3
        engine.resume()
        assert len(await drawing) == 8
        assert backend.sent == 8

    with_engine(tmp_path, scenario, concurrency=3)


def test_a_model_that_is_attached_meanwhile_is_paused_too(tmp_path):
    async def scenario(engine, backend, drawing):
        engine.pause()
        other = Counted()
        other.go.set()
        model = await engine.attach(other)
        params = SamplingParams(max_tokens=9)
        more = asyncio.create_task(
            model.sample(Prompt(text="!"), params, 1, problem_id="p", role="verifier")
        )
        await a_while()
        assert other.sent == 0
        engine.resume()
        await more

    with_engine(tmp_path, scenario, concurrency=3)


def test_a_paused_engine_can_be_ended(tmp_path):
    async def scenario(engine, backend, drawing):
        await a_while()
        engine.pause()
        backend.go.set()
        await engine.finish_calls()
        assert backend.sent == 2
        engine.resume()  # what is to end does not begin again
        await a_while()
        assert backend.sent == 2

    with_engine(tmp_path, scenario, concurrency=2)


@pytest.mark.parametrize(("before", "after", "sent"), [(2, 5, 5), (5, 2, 5)])
def test_concurrency_changes_at_once(tmp_path, before, after, sent):
    async def scenario(engine, backend, drawing):
        await a_while()
        assert backend.sent == before
        engine.change(engine.settings.model_copy(update={"concurrency": after}))
        await a_while()
        assert backend.sent == sent

    with_engine(tmp_path, scenario, concurrency=before)


def test_every_setting_is_known_to_be_live_or_fixed():
    assert sorted((*LIVE, *FIXED)) == sorted(EngineSettings.model_fields)


def test_a_lower_ceiling_holds_and_a_higher_one_is_grown_into():
    limit = Limit(64)
    limit.change(4)
    assert limit.value == 4
    limit.change(64)
    for _ in range(200):
        limit.succeeded(limit.value, 1.0, 10)
    assert 8 <= limit.value <= 64


def test_what_a_minute_lacks_it_lacks_at_another_rate_too():
    bucket = Bucket(60, 0.0)
    bucket.take(31, 0.0)  # 30 beyond what it had
    other = bucket.changed(600, 0.0)
    assert other.ready_at(1, 0.0) == pytest.approx(22 / other.rate)  # it holds 10
    assert Bucket(60, 0.0).changed(600, 0.0).ready_at(10, 0.0) == 0.0


def test_a_pause_is_no_outage():
    breaker = Breaker(1)
    breaker.failed(10.0, "down")
    breaker.rested(500.0)
    assert breaker.down_since == 510.0
