"""Parts of a run on engines of their own, then the whole: what is billed, and what comes out."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tries import MAX_TOKENS, Stopped, solved_and_verified

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, fitted
from ttc.core.shard import Shard
from ttc.engine.engine import Engine, PartOf
from ttc.engine.journal_merge import EVERY_RUN, pull
from ttc.engine.settings import EngineSettings
from ttc.errors import RetryableError

PROBLEMS = [f"problem {i} {'long ' * (i % 3)}" for i in range(7)]
SOLUTIONS, VERIFICATIONS = 6, 3
QUICK = EngineSettings(max_wait_s=0.001, max_attempts=50, concurrency=5, finish_s=1)


class Server:
    """A served model that bills what it generates; its texts follow from prompt and seed. lost: the
    share of replies that never arrive.
    """

    endpoints = ("http://one/v1",)

    def __init__(self, lost=0.0, dice=0):
        self.capabilities = Capabilities(raw=True, max_n=4, seed=True)
        self.lost, self.dice = lost, random.Random(dice)
        self.billed = self.requests = 0
        self.stop_at = None

    async def identify(self):
        return ModelIdentity("fake", "m", "http://one/v1")

    def count_tokens(self, prompt):
        return None

    async def check(self, endpoint):
        pass

    async def complete_at(self, call, endpoint):
        self.requests += 1
        if self.stop_at is not None and self.requests >= self.stop_at:
            self.stopped.set()
        await asyncio.sleep(self.dice.choice([0, 0.001]))
        reply = [self.sample(call, seed) for seed in call.seeds]
        self.billed += reply[0].prompt_tokens + sum(c.completion_tokens for c in reply)
        if self.dice.random() < self.lost:
            raise RetryableError("cut", 0.0, billed=True)
        return fitted(reply, len(call.seeds))

    async def complete(self, call):
        return await self.complete_at(call, self.endpoints[0])

    def sample(self, call, seed):
        digest = hashlib.sha256(f"{call.prompt.text} {seed}".encode()).hexdigest()
        tokens = len(call.prompt.text) // 4
        return Completion(digest, "stop", tokens, 1 + int(digest[:4], 16) % MAX_TOKENS)

    async def close(self):
        pass


async def attempt(journal, server, budget, shard=None):
    """One try at the problems, or a shard of them: texts by problem."""
    problems = PROBLEMS if shard is None else list(shard.take(PROBLEMS))
    engine = Engine(
        journal=Path(journal),
        budget=BudgetConfig(**budget),
        cost=CostConfig(),
        seed=0,
        problems=problems,
        settings=QUICK,
        run="r/s0" if shard is None else f"r/s0/shards/{shard.folder}",
        part_of=None if shard is None else PartOf("r/s0", len(PROBLEMS)),
    )
    found = await solved_and_verified(
        engine, server, problems, solutions=SOLUTIONS, verifications=VERIFICATIONS
    )
    bills = engine.ledger.bills
    for unit, limit in budget.get("per_run", {}).items() if shard is None else ():
        assert bills.left()[unit] == max(0.0, limit - bills.billed[unit]), (
            "nothing is held for ever"
        )
    return found


def play(journal, server, budget, stops=(), shard=None):
    """Tries that are stopped after so many requests each, and one that is not."""
    for requests in stops:
        server.stop_at = server.requests + requests
        with suppress(Stopped):
            asyncio.run(attempt(journal, server, budget, shard))
    server.stop_at = None
    return asyncio.run(attempt(journal, server, budget, shard))


limits = st.one_of(
    st.integers(300, 4000).map(lambda n: {"per_run": {"tokens": n}}),
    st.integers(20, 200).map(lambda n: {"per_run": {"calls": n}}),
    st.integers(60, 500).map(lambda n: {"per_problem": {"tokens": n}, "per_run": {"tokens": 1500}}),
    st.integers(60, 500).map(lambda n: {"per_problem": {"tokens": n}}),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(limits, st.integers(1, 9), st.booleans(), st.lists(st.integers(1, 15), max_size=2))
@example({"per_run": {"tokens": 900}}, 3, True, [2])
def test_parts_and_then_the_whole_are_as_the_whole_at_once(budget, of, apart, stops):
    """With a journal in common, or one each that are pulled together; however they are stopped."""
    with tempfile.TemporaryDirectory() as folder:
        alone, shared = Server(), Server(dice=1)
        wanted = play(f"{folder}/alone.sqlite", alone, budget)
        journals = {}
        for shard in (Shard(i, of) for i in range(1, of + 1)):
            journals[f"{folder}/{shard.folder if apart else 'one'}.sqlite"] = shard
            play(list(journals)[-1], shared, budget, stops, shard)
        if "tokens" in budget.get("per_run", {}):
            assert shared.billed <= budget["per_run"]["tokens"]
        for journal in journals if apart else ():
            pull(Path(journal), Path(f"{folder}/all.sqlite"), bills="r/s0")
        last = f"{folder}/all.sqlite" if apart else next(iter(journals))
        assert play(last, shared, budget, stops) == wanted
        assert shared.billed == alone.billed
        if "per_run" not in budget:
            assert shared.requests == alone.requests


@pytest.mark.slow
@settings(deadline=None, max_examples=10)
@given(
    st.integers(400, 4000),
    st.integers(1, 8),
    st.booleans(),
    st.lists(st.integers(1, 15), max_size=2),
    st.sampled_from([0.05, 0.3]),
    st.integers(0, 99),
)
def test_whatever_is_lost_all_of_them_together_never_pass_the_budget(
    limit, of, apart, stops, lost, dice
):
    budget = {"per_run": {"tokens": limit}}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(lost, dice)
        for shard in (Shard(i, of) for i in range(1, of + 1)):
            journal = f"{folder}/{shard.folder if apart else 'all'}.sqlite"
            play(journal, server, budget, stops, shard)
            assert server.billed <= limit * sum(
                len(Shard(i, of).take(PROBLEMS)) for i in range(1, shard.number + 1)
            ) / len(PROBLEMS) * (1 + 1e-9)
            if apart:
                pull(Path(journal), Path(f"{folder}/all.sqlite"), EVERY_RUN)
                pull(Path(journal), Path(f"{folder}/all.sqlite"), EVERY_RUN)
        before = server.billed
        play(f"{folder}/all.sqlite", server, budget, stops)
        assert before <= server.billed <= limit * (1 + 1e-9)
