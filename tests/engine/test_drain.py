"""The gentle end of an engine's calls, seen from the models that it has."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

import pytest

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError


class Gated:
    """Answers when told to, call by call; `fail` maps a call's number to what it raises."""

    capabilities = Capabilities(raw=True, max_n=1)

    def __init__(self, fail=None):
        self.fail = fail or {}
        self.gates = []
        self.asked = asyncio.Event()

    async def identify(self):
        return ModelIdentity("gated", "gated", revision="1")

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        number = len(self.gates)
        self.gates.append(asyncio.Event())
        if len(self.gates) == 4:
            self.asked.set()
        await self.gates[number].wait()
        if number in self.fail:
            raise self.fail[number]
        return [Completion(str(number), "stop", 5, 1)]

    async def close(self):
        pass


def gated_run(folder, scenario, fail=None, budget=None, sent=4, **settings):
    """`scenario(engine, backend, drawing)` with four of eight calls under way; the journal's size
    after it. sent: calls in the end."""

    async def work():
        backend = Gated(fail)
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=BudgetConfig(**(budget or {})),
            cost=CostConfig(),
            seed=0,
            problems=["p"],
            settings=EngineSettings(concurrency=4, **settings),
        )
        async with engine:
            model = await engine.attach(backend)
            params = SamplingParams(max_tokens=9)
            sample = model.sample(Prompt(text="?"), params, 8, problem_id="p", role="solver")
            drawing = asyncio.create_task(sample)
            await backend.asked.wait()
            await scenario(engine, backend, drawing)
            drawing.cancel()
            with suppress(asyncio.CancelledError, BackendError):
                await drawing
        assert len(backend.gates) == sent
        assert engine.events.samples["solver"] == rows()
        return rows()

    def rows():
        with sqlite3.connect(folder / "journal.sqlite") as journal:
            return journal.execute("SELECT count(*) FROM completions").fetchone()[0]

    return asyncio.run(work())


def opened(backend, *numbers):
    for number in numbers:
        backend.gates[number].set()


def test_what_is_under_way_is_waited_for_and_nothing_else_is_sent(tmp_path):
    async def scenario(engine, backend, drawing):
        ending = asyncio.create_task(engine.finish_calls())
        await asyncio.sleep(0.05)
        assert not ending.done()
        opened(backend, 0, 1, 2, 3)
        await ending
        assert not drawing.done()

    assert gated_run(tmp_path, scenario) == 4


def test_a_model_that_was_still_being_opened_sends_nothing_either(tmp_path):
    """It would be cut off with calls under way, which nobody waits for."""

    async def scenario(engine, backend, drawing):
        opened(backend, 0, 1, 2, 3)
        await engine.finish_calls()
        late = Gated()
        model = await engine.attach(late)
        sample = model.sample(
            Prompt(text="?"), SamplingParams(max_tokens=9), 8, problem_id="p", role="verifier"
        )
        asking = asyncio.create_task(sample)
        await asyncio.sleep(0.1)
        assert not late.gates
        asking.cancel()
        with suppress(asyncio.CancelledError):
            await asking

    assert gated_run(tmp_path, scenario) == 4


@pytest.mark.parametrize(
    "limits",
    [{"finish_s": 0.2}, {"finish_s": 1000, "budget": {"per_run": {"seconds": 0.6}}}],
)
def test_it_is_not_waited_for_longer_than_allowed(tmp_path, limits):
    async def scenario(engine, backend, drawing):
        opened(backend, 0, 1)
        await engine.finish_calls()

    assert gated_run(tmp_path, scenario, **limits) == 2


def test_a_call_that_is_to_be_repeated_is_not_under_way(tmp_path):
    async def scenario(engine, backend, drawing):
        opened(backend, 0, 1, 2, 3)
        await engine.finish_calls()

    busy = {1: RetryableError("busy", 0.01)}
    assert gated_run(tmp_path, scenario, busy, finish_s=1000) == 3


def test_an_error_waits_for_the_calls_beside_it(tmp_path):
    async def scenario(engine, backend, drawing):
        opened(backend, 0)
        await asyncio.sleep(0.05)
        assert not drawing.done()
        opened(backend, 1, 2, 3, 4)  # the last one took the failed one's place at once
        with pytest.raises(BackendError, match="wrong key"):
            await drawing

    assert gated_run(tmp_path, scenario, {0: BackendError("wrong key")}, sent=5) == 4
