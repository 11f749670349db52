"""Runs that share a journal at the same time share its samples, and none waits without end."""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError


class Moody:
    """A model that never says the same twice; it answers, or fails, when `well` is set."""

    def __init__(self, error=None):
        self.capabilities = Capabilities(raw=True, max_n=3, seed=True)
        self.error = error
        self.drawn = 0
        self.asked, self.well = asyncio.Event(), asyncio.Event()

    async def identify(self):
        return ModelIdentity("fake", "fake", revision="1")

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        self.asked.set()
        await self.well.wait()
        if self.error is not None:
            raise self.error
        first, self.drawn = self.drawn, self.drawn + len(call.seeds)
        return [Completion(f"text {i}", "stop", 5, 1) for i in range(first, self.drawn)]

    async def close(self):
        pass


async def draw(folder, fake, n=8, problems="ab", seconds=None):
    """The texts of all problems, each of its own question."""
    engine = Engine(
        journal=folder / "journal.sqlite",
        budget=BudgetConfig(per_run={"seconds": seconds}),
        cost=CostConfig(),
        seed=0,
        problems=list(problems),
        settings=EngineSettings(concurrency=2),
    )
    async with engine:
        model = await engine.attach(fake)

        async def sample(problem):
            found = await model.sample(
                Prompt(text=f"{problem}: 1+1?"),
                SamplingParams(max_tokens=10),
                n,
                problem_id=problem,
                role="solver",
            )
            return [c.text for c in found]

        return await asyncio.gather(*map(sample, problems)), engine.ledger.exhausted


def test_each_sample_is_drawn_once(tmp_path):
    async def runs():
        fakes = Moody(), Moody()
        for fake in fakes:
            fake.well.set()
        few, many = draw(tmp_path, fakes[0], n=8), draw(tmp_path, fakes[1], n=12, problems="bca")
        ((a, b), _), ((other_b, _c, other_a), _) = await asyncio.gather(few, many)
        assert (other_a[:8], other_b[:8]) == (a, b)
        assert sum(fake.drawn for fake in fakes) == 3 * 12

    asyncio.run(asyncio.wait_for(runs(), 30))


def test_the_run_s_time_ends_its_waiting_for_another(tmp_path):
    async def runs():
        slow, fake = Moody(), Moody()
        fake.well.set()
        other = asyncio.create_task(draw(tmp_path, slow, problems="a"))
        await slow.asked.wait()
        found, late = await draw(tmp_path, fake, problems="ab", seconds=0.5)
        assert found[0] == []
        assert "a" in late
        slow.well.set()
        ((texts,), _) = await other
        assert len(set(texts)) == 8

    asyncio.run(asyncio.wait_for(runs(), 30))


@pytest.mark.parametrize("how", ["error", "cancel"])
def test_a_run_that_ends_early_lets_others_go_on(tmp_path, how):
    async def runs():
        broken, fake = Moody(BackendError("the key is wrong")), Moody()
        fake.well.set()
        first = asyncio.create_task(draw(tmp_path, broken))
        await broken.asked.wait()
        second = asyncio.create_task(draw(tmp_path, fake))
        await asyncio.sleep(0.1)
        assert fake.drawn == 0
        if how == "error":
            broken.well.set()
        else:
            first.cancel()
        with pytest.raises((BackendError, asyncio.CancelledError)):
            await first
        await second
        assert fake.drawn == 16

    asyncio.run(asyncio.wait_for(runs(), 30))


def test_only_what_is_damaged_is_drawn_anew(tmp_path):
    async def run():
        fake = Moody()
        fake.well.set()
        (before,), _ = await draw(tmp_path, fake, problems="a")
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database, database:
            ((key,), *_) = database.execute("SELECT key FROM completions").fetchall()
            database.execute("UPDATE completions SET payload = x'00' WHERE key = ?", (key,))
        (mended,), _ = await draw(tmp_path, fake, problems="a")
        (again,), _ = await draw(tmp_path, fake, problems="a")
        assert fake.drawn == 9
        assert len(set(before) - set(mended)) == 1
        assert again == mended

    asyncio.run(asyncio.wait_for(run(), 30))
