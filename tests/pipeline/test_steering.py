"""What may be set while a run goes on, and a window of problems that changes."""

from __future__ import annotations

import asyncio

import pytest

from ttc.engine.settings import EngineSettings
from ttc.errors import UsageError
from ttc.pipeline.collect import ordered
from ttc.pipeline.steering import changed_settings
from ttc.report.status import status_line
from ttc.store.status import RunStatus


def test_values_are_read_as_a_recipes_are():
    made = changed_settings(
        EngineSettings(), ["engine.concurrency=8", "engine.requests_per_minute=null"]
    )
    assert made == EngineSettings(concurrency=8)
    assert changed_settings(made, ["engine.give_up=record"]).give_up == "record"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("engine.concurrency=0", "engine.concurrency: must be at least 1"),
        ("engine.concurrency=many", "engine.concurrency: "),
        ("engine.concurrency", r"expected engine\.KEY=VALUE"),
        ("engine.concurency=8", r"did you mean 'engine\.concurrency'"),
        ("concurrency=8", r"did you mean engine\.concurrency=8"),
        ("engine.n_per_call=8", "can't change now: it cuts requests into calls"),
        ("engine.retry_failed=true", "can't change now: .*`retry PROBLEM`"),
        ("sampler.temperature=1", "any other value of sampler.temperature makes another run"),
        ("engine.give_up=never", "engine.give_up: "),
    ],
)
def test_what_may_not_change_is_refused_with_the_reason(word, said):
    with pytest.raises(UsageError, match=said):
        changed_settings(EngineSettings(), [word])


def test_one_bad_word_changes_nothing():
    with pytest.raises(UsageError):
        changed_settings(EngineSettings(), ["engine.concurrency=8", "engine.timeout_s=-1"])


def test_a_window_that_grows_lets_more_begin_before_the_first_is_done():
    async def work():
        begun, gate, width = [], asyncio.Event(), 2

        async def one(item):
            begun.append(item)
            await gate.wait()
            return item

        async def collect():
            return [found async for found in ordered(range(6), one, lambda: width)]

        collecting = asyncio.create_task(collect())
        await asyncio.sleep(0.05)
        assert begun == [0, 1]
        width = 5
        await asyncio.sleep(1.2)
        assert begun == [0, 1, 2, 3, 4]
        gate.set()
        assert await collecting == [0, 1, 2, 3, 4, 5]

    asyncio.run(work())


def test_displays_and_pages_say_that_a_run_is_paused():
    status = RunStatus(run_id="s0-1", recipe_name="mine", stage="paused")
    assert status_line(status).startswith("paused, 0 problems")
