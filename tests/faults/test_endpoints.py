"""Limits, rates and breakers against real servers that are full, dead, or come back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ttc.backends.openai import OpenAI
from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Prompt, SamplingParams
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError

SCRIPT = Path(__file__).parent / "busy_server.py"
PROBLEMS = [f"p{i}" for i in range(20)]


class Busy:
    """A server that can be killed and started again at the same address."""

    def __init__(self, log: Path, most: int, seconds: float) -> None:
        self.log, self.how, self.port = log, (str(most), str(seconds)), "0"
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(self.log), self.port, *self.how],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def calls(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def busy(tmp_path):
    """busy(most, seconds) starts a server."""
    running = []

    def start(most: int, seconds: float) -> Busy:
        running.append(Busy(tmp_path / f"busy-{len(running)}.jsonl", most, seconds))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.kill()


async def draw(folder, urls, n, during=None, **settings):
    """`n` samples of each problem, one a call; `during(engine)` runs beside."""
    engine = Engine(
        journal=folder / "journal.sqlite",
        budget=BudgetConfig(),
        cost=CostConfig(parameters=1000),
        seed=0,
        problems=PROBLEMS,
        settings=EngineSettings(**{"max_wait_s": 0.3, "fingerprint": False, **settings}),
    )
    async with engine:
        backend = OpenAI(model="m", base_urls=urls, n_per_call=1, connect_timeout=2)
        model = await engine.attach(backend.open())
        beside = asyncio.create_task(during(engine)) if during else None
        tasks = [
            model.sample(
                Prompt(text=p), SamplingParams(max_tokens=4), n, problem_id=p, role="solver"
            )
            for p in PROBLEMS
        ]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            if beside is not None:
                beside.cancel()
    return [[c.text for c in part] for part in found], engine


def whole(found: list[list[str]], n: int) -> None:
    assert [len(part) for part in found] == [n] * len(PROBLEMS)
    for problem, part in zip(PROBLEMS, found, strict=True):
        assert all(text.startswith(f"{problem} ") for text in part)
        assert len(set(part)) == n


@pytest.mark.slow
def test_a_full_server_is_not_pressed(busy, tmp_path):
    server = busy(6, 0.03)
    found, engine = asyncio.run(draw(tmp_path, (server.url,), 40, concurrency=64))
    whole(found, 40)
    calls = server.calls()
    refused = sum(c["refused"] for c in calls)
    assert 0 < refused < 0.25 * len(calls)
    state = engine.events.endpoints[server.url]
    assert state.throttled == state.retries == refused
    assert state.calls == 800
    assert state.state == "closed"
    assert 1 <= state.limit <= 16


def test_requests_per_minute_are_kept(busy, tmp_path):
    server = busy(1000, 0.01)
    began = time.monotonic()
    asyncio.run(draw(tmp_path, (server.url,), 3, concurrency=64, requests_per_minute=1200))
    assert 1.8 < time.monotonic() - began < 60
    times = sorted(c["at"] for c in server.calls())
    for i, start in enumerate(times):  # in any second a burst of 20 and 20 more, and some jitter
        assert sum(start <= t < start + 1 for t in times[i:]) <= 45


@pytest.mark.slow
def test_the_others_take_over_when_one_dies(busy, tmp_path):
    good, bad = busy(1000, 0.02), busy(1000, 0.02)

    async def kill(engine):
        while engine.events.samples["solver"] < 100:
            await asyncio.sleep(0.01)
        bad.kill()

    found, engine = asyncio.run(
        draw(tmp_path, (good.url, bad.url), 60, kill, concurrency=8, breaker_failures=4)
    )
    whole(found, 60)
    states = engine.events.endpoints
    assert states[good.url].state == "closed"
    assert states[bad.url].retries < 40, "it is left alone"
    assert len(bad.calls()) > 20


@pytest.mark.slow
@pytest.mark.parametrize("pause", [2.5])
def test_a_server_that_comes_back_is_waited_for(busy, tmp_path, pause):
    server = busy(1000, 0.02)
    seen = set()

    async def restart(engine):
        engine.events.on_change = lambda e: seen.add(e.endpoints[server.url].state)
        while engine.events.samples["solver"] < 50:
            await asyncio.sleep(0.01)
        server.kill()
        await asyncio.sleep(pause)
        server.start()

    found, engine = asyncio.run(
        draw(tmp_path, (server.url,), 20, restart, concurrency=16, max_attempts=4)
    )
    whole(found, 20)
    assert seen == {"closed", "open", "half_open"}
    assert engine.events.endpoints[server.url].state == "closed"
    seeds = [c["seed"] for c in server.calls()]
    assert len(seeds) - len(set(seeds)) <= 16, "only what was under way is asked for again"


@pytest.mark.slow
def test_a_server_that_stays_away_ends_the_run_and_nothing_is_lost(busy, tmp_path):
    server = busy(1000, 0.02)

    async def kill(engine):
        while engine.events.samples["solver"] < 50:
            await asyncio.sleep(0.01)
        server.kill()

    began = time.monotonic()
    with pytest.raises(BackendError, match=r"within 3 s.*max_outage_s.*run again") as caught:
        asyncio.run(
            draw(tmp_path, (server.url,), 20, kill, concurrency=16, max_outage_s=3, max_attempts=4)
        )
    assert server.url in str(caught.value)
    assert time.monotonic() - began < 120
    before = len(server.calls())
    server.start()
    found, _ = asyncio.run(draw(tmp_path, (server.url,), 20))
    whole(found, 20)
    assert before >= 50
    again = len(server.calls()) - before
    assert again <= 400 - 50
    assert before + again - 400 <= 16, "but for what was under way, nothing is asked for twice"
