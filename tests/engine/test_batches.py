"""Calls in batches: however a provider ends them and wherever a try is stopped, each is bought
once, the samples are the same, and the budget holds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tries import MAX_TOKENS, Stopped, solved_and_verified

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Call, Capabilities, Completion, ModelIdentity, Prompt, SamplingParams
from ttc.core.batches import Batch, BatchFault, BatchReply, BatchTerms
from ttc.engine.batches import sending
from ttc.engine.batches.lines import Line, cut, line_name
from ttc.engine.batches.records import batches_of
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, RetryableError

PROBLEMS = [f"problem {i} {'long ' * (i % 3)}" for i in range(5)]
SOLUTIONS, VERIFICATIONS = 6, 3
FAULTS = ("expired", "lost", "doubled", "rejected", "failing", "silent")
PRICES = {"prompt_per_million": 1e6, "completion_per_million": 3e6}


@pytest.fixture(autouse=True, scope="module")
def no_grace():
    """What a killed try was sending is in this provider's list at once or never."""
    before = sending.GRACE_S, sending._LOOK_S
    sending.GRACE_S, sending._LOOK_S = 0.0, 0.0
    yield
    sending.GRACE_S, sending._LOOK_S = before


class Provider:
    """Batches in memory, which outlive tries. Texts follow from prompt and seed alone.

    stop_at: number of a request to it after which a try ends; hangs: whether the answer to that
    request never arrives. faults: what goes wrong, once each.
    """

    endpoints = ("http://one/v1",)
    capabilities = Capabilities(raw=True, max_n=2, seed=True)

    def __init__(self, faults=(), terms=None):
        self.batching = terms or BatchTerms(gather_s=0.002, poll_s=0.001)
        self.faults = list(faults)
        self.files, self.batches, self.lines = {}, {}, {}
        self.bought, self.billed = Counter(), 0
        self.requests, self.stop_at, self.hangs = 0, None, False
        self.cancelled = []

    async def identify(self):
        return ModelIdentity("fake", "m", "http://one/v1")

    def count_tokens(self, prompt):
        return None

    async def check(self, endpoint):
        pass

    async def close(self):
        pass

    async def complete(self, call):
        raise AssertionError("nothing is sent by itself")

    async def complete_at(self, call, endpoint):
        raise AssertionError("nothing is sent by itself")

    def encode(self, name, call):
        line = {"name": name, "prompt": call.prompt.text, "seeds": call.seeds}
        return "/v1/completions", json.dumps(line).encode()

    async def request(self):
        """What comes after a request was worked off: perhaps nobody hears of it."""
        self.requests += 1
        if self.stop_at is not None and self.requests >= self.stop_at:
            self.stopped.set()
            if self.hangs:
                await asyncio.Event().wait()
        await asyncio.sleep(0)

    async def upload(self, name, content):
        file = f"file-{len(self.files)}"
        self.files[file] = [json.loads(line) for line in content.splitlines()]
        await self.request()
        return file

    def fault(self, *kinds):
        found = next((f for f in self.faults if f in kinds), "")
        if found:
            self.faults.remove(found)
        return found

    async def start(self, file, route, token):
        name = f"batch-{len(self.batches)}"
        lines = self.files[file]
        fault = self.fault("expired", "lost", "doubled", "rejected", "failing")
        status, faults = "completed", ()
        if fault == "rejected":
            status, faults = "failed", (BatchFault("busy", "not now"),)
        elif fault == "expired":
            status = "expired"
        answered = [] if fault == "rejected" else lines[:: 2 if fault in ("expired", "lost") else 1]
        replies = [self.answer(line) for line in answered]
        if fault == "failing":
            replies[0] = BatchReply(replies[0].name, {"status": 500})
        if fault == "doubled":
            replies = [*reversed(replies), *replies]
        self.batches[name] = Batch(
            name, status, ended=True, total=len(lines), done=len(replies), token=token,
            input_file=file, files=(name,), faults=faults,
        )  # fmt: skip
        self.lines[name] = replies
        if self.fault("silent"):
            raise RetryableError("HTTP 500", 0.0)
        await self.request()
        return self.batches[name]

    def answer(self, line):
        """A line is answered once: it is billed by then."""
        self.bought[line["name"]] += 1
        made = [sample(line["prompt"], seed) for seed in line["seeds"]]
        self.billed += made[0].prompt_tokens + sum(c.completion_tokens for c in made)
        return BatchReply(line["name"], made)

    async def look(self, name):
        await self.request()
        return self.batches[name]

    async def find(self, token, file):
        found = [b for b in self.batches.values() if token == b.token or file == b.input_file]
        return found[0] if found else None

    async def fetch(self, batch):
        await self.request()
        return self.lines[batch.id]

    def read(self, reply, call):
        if isinstance(reply.content, dict):
            raise RetryableError("HTTP 500", 0.0)
        return list(reply.content)

    async def cancel(self, name):
        self.cancelled.append(name)


def sample(prompt, seed):
    digest = hashlib.sha256(f"{prompt} {seed}".encode()).hexdigest()
    return Completion(digest, "stop", len(prompt) // 4, 1 + int(digest[:4], 16) % MAX_TOKENS)


async def attempt(folder, provider, budget, run="r"):
    """One try of solutions and verifications of all problems; texts by problem, and the ledger."""
    engine = Engine(
        journal=Path(folder) / "journal.sqlite",
        budget=BudgetConfig(**budget),
        cost=CostConfig(prices=PRICES),
        seed=0,
        problems=PROBLEMS,
        settings=EngineSettings(max_wait_s=0.001, max_outage_s=5),
        run=run,
    )
    found = await solved_and_verified(
        engine,
        provider,
        PROBLEMS,
        solutions=SOLUTIONS,
        verifications=VERIFICATIONS,
        finish=False,
    )
    return found, engine.ledger


@cache
def undisturbed(tokens):
    budget = limited_to(tokens)
    with tempfile.TemporaryDirectory() as folder:
        provider = Provider()
        found, _ = asyncio.run(attempt(folder, provider, budget))
        return found, provider


def limited_to(tokens):
    return {} if tokens is None else {"per_run": {"tokens": tokens}}


def lines_left(folder):
    with closing(sqlite3.connect(Path(folder) / "journal.sqlite")) as database:
        return database.execute("SELECT count(*) FROM batch_lines").fetchone()[0]


stops = st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=4)


@pytest.mark.slow
@settings(max_examples=12)
@given(stops=stops, faults=st.permutations(FAULTS), few=st.integers(0, 6), limit=st.booleans())
def test_stopped_anywhere_each_call_is_bought_once(stops, faults, few, limit):
    budget = limited_to(5000 if limit else None)
    expected, calm = undisturbed(5000 if limit else None)
    provider = Provider(faults[:few])
    with tempfile.TemporaryDirectory() as folder:
        for requests, hangs in stops:
            provider.stop_at, provider.hangs = provider.requests + requests, hangs
            with suppress(Stopped):
                asyncio.run(attempt(folder, provider, budget))
        provider.stop_at = None
        found, ledger = asyncio.run(attempt(folder, provider, budget))
        assert found == expected
        # What a batch answers and leaves out of its file, or fails at, is answered again.
        again = {"lost": 0, "failing": 1}
        most = sum(again.get(fault, 0) for fault in faults[:few])
        assert sum(n - 1 for n in provider.bought.values()) <= most
        assert provider.bought.keys() == calm.bought.keys()
        assert lines_left(folder) == 0
        assert batches_of(Path(folder) / "journal.sqlite", "r") == []
        if limit:
            assert ledger.as_dict()["lost"]["tokens"] == 0
            assert ledger.bills.billed["tokens"] <= 5000


@pytest.mark.slow
@settings(max_examples=8)
@given(stops=stops, tokens=st.sampled_from([400, 900, 1500]))
def test_a_short_budget_holds_however_tries_are_stopped(stops, tokens):
    budget = limited_to(tokens)
    expected, _ = undisturbed(tokens)
    provider = Provider()
    with tempfile.TemporaryDirectory() as folder:
        for requests, hangs in stops:
            provider.stop_at, provider.hangs = provider.requests + requests, hangs
            with suppress(Stopped):
                asyncio.run(attempt(folder, provider, budget))
        provider.stop_at = None
        found, ledger = asyncio.run(attempt(folder, provider, budget))
        assert provider.billed <= tokens
        assert ledger.bills.billed["tokens"] == provider.billed
        assert found == expected


def test_a_paused_run_submits_nothing_until_it_goes_on(tmp_path):
    async def works():
        provider = Provider(terms=BatchTerms(gather_s=0.05, poll_s=0.001))
        engine = Engine(
            journal=tmp_path / "journal.sqlite", budget=BudgetConfig(), cost=CostConfig(), seed=0,
            problems=["p"], run="r",
        )  # fmt: skip
        async with engine:
            model = await engine.attach(provider)
            params = SamplingParams(max_tokens=MAX_TOKENS)
            sample = model.sample(Prompt(text="?"), params, 4, problem_id="p", role="solver")
            drawing = asyncio.create_task(sample)
            await asyncio.sleep(0.03)  # its calls wait for others to come
            engine.pause()
            await asyncio.sleep(0.2)
            assert provider.requests == 0
            engine.resume()
            assert len(await drawing) == 4
            assert len(provider.batches) == 1

    asyncio.run(works())


def test_what_a_complete_run_has_no_use_for_is_cancelled_and_charged(tmp_path):
    """A first try of the run asked for more: its second one, of a smaller recipe, leaves it."""

    async def works():
        provider = Provider(terms=BatchTerms(gather_s=0.5, poll_s=0.001))
        provider.stop_at, provider.hangs = 2, True  # the batch of all solutions is there
        with suppress(Stopped):
            await attempt(tmp_path, provider, {"per_run": {"calls": 1000}})
        standing = lines_left(tmp_path)
        assert standing == SOLUTIONS // 2 * len(PROBLEMS)
        provider.stop_at = None
        going_on = replace(provider.batches["batch-0"], status="in_progress", ended=False)
        provider.batches["batch-0"] = going_on
        engine = Engine(
            journal=tmp_path / "journal.sqlite", budget=BudgetConfig(per_run={"calls": 1000}),
            cost=CostConfig(prices=PRICES), seed=0, problems=PROBLEMS, run="r",
        )  # fmt: skip
        async with engine:
            await engine.attach(provider)
            assert engine.ledger.bills._run.reserved["calls"] == SOLUTIONS * len(PROBLEMS)
        assert provider.cancelled == ["batch-0"]
        return engine

    engine = asyncio.run(works())
    assert engine.ledger.bills._run.reserved["calls"] == 0
    assert lines_left(tmp_path) == 0

    async def billed():
        again = Engine(
            journal=tmp_path / "journal.sqlite", budget=BudgetConfig(per_run={"calls": 1000}),
            cost=CostConfig(prices=PRICES), seed=0, problems=PROBLEMS, run="r",
        )  # fmt: skip
        async with again:
            return again.ledger.bills.billed["calls"]

    assert asyncio.run(billed()) == SOLUTIONS * len(PROBLEMS)


def test_a_provider_that_lists_nothing_is_charged_for_what_was_being_sent(tmp_path):
    provider = Provider()
    provider.stop_at, provider.hangs = 2, True
    with suppress(Stopped):
        asyncio.run(attempt(tmp_path, provider, {"per_run": {"tokens": 5000}}))

    async def no_list(token, file):
        raise BackendError("HTTP 404: Not Found", refused=404)

    provider.stop_at, provider.find = None, no_list
    _, ledger = asyncio.run(attempt(tmp_path, provider, {"per_run": {"tokens": 5000}}))
    assert provider.billed < ledger.bills.billed["tokens"] <= 5000
    assert ledger.as_dict()["lost"]["tokens"] == 0, "of this try; the one before is in the bills"


def lines(sizes):
    return [
        Line(str(i), "p", {}, lambda line: None, route=f"/v1/{kind}", data=b"x" * size)
        for i, (size, kind) in enumerate(sizes)
    ]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from("ab")), max_size=40),
    st.integers(1, 10),
    st.integers(1, 120),
)
def test_batches_keep_to_the_provider_s_limits(sizes, most, size):
    given_lines = lines(sizes)
    parts = list(cut(given_lines, BatchTerms(size=size), most))
    assert sorted(int(x.name) for part in parts for x in part) == list(range(len(sizes)))
    for part in parts:
        assert len(part) <= most
        assert len({x.route for x in part}) == 1
        assert len(part) == 1 or sum(len(x.data) + 1 for x in part) <= size


def test_names_tell_calls_apart_and_nothing_else():
    prompt, params = Prompt(text="secret"), SamplingParams()
    names = {
        line_name(["a", "m"], Call(prompt, params, (1,))),
        line_name(["a", "m"], Call(prompt, params, (2,))),
        line_name(["a", "m"], Call(prompt, params, (1, 2))),
        line_name(["b", "m"], Call(prompt, params, (1,))),
        line_name(["a", "m"], Call(Prompt(text="other"), params, (1,))),
        line_name(["a", "m"], Call(prompt, SamplingParams(max_tokens=3), (1,))),
    }
    assert len(names) == 6
    assert all(len(name) <= 64 and "secret" not in name for name in names)
    first = line_name(["a", "m"], Call(prompt, params, (1,)))
    assert first == line_name(["a", "m"], Call(prompt, params, (1,), (7,)))
