"""All tries of a run together: what they are billed, and what comes out, however they are stopped.

The server is one of the test's own, which bills for all that it generates and fails as it is told.
"""

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
from ttc.engine.engine import Engine
from ttc.engine.settings import EngineSettings
from ttc.errors import CallFailed, RetryableError

PROBLEMS = [f"problem {i} {'long ' * (i % 3)}" for i in range(6)]
SOLUTIONS, VERIFICATIONS = 8, 6
USUAL = {"max_wait_s": 0.001, "max_attempts": 50, "concurrency": 5}
PRICES = {"prompt_per_million": 1e6, "completion_per_million": 3e6}


class Server:
    """A served model. Its texts follow from prompt and seed alone.

    gives: of so many samples asked for, how many; hidden: prompt tokens that it adds; faults: kinds
    of what goes wrong with a share `rate` of requests.
    """

    endpoints = ("http://one/v1",)

    def __init__(self, group, *, gives=lambda n: n, hidden=0, faults=(), rate=0.0, dice=0):
        self.capabilities = Capabilities(raw=True, max_n=group, seed=True)
        self.gives, self.hidden = gives, hidden
        self.faults, self.rate, self.dice = faults, rate, random.Random(dice)
        self.billed, self.dollars, self.requests, self.lost = 0, 0, 0, 0
        self.stop_at = None  # a number of requests, after which a try ends

    async def identify(self):
        return ModelIdentity("fake", "m", "http://one/v1")

    def count_tokens(self, prompt):
        return None

    async def check(self, endpoint):
        pass

    async def complete(self, call):
        return await self.complete_at(call, self.endpoints[0])

    async def complete_at(self, call, endpoint):
        self.requests += 1
        if self.stop_at is not None and self.requests >= self.stop_at:
            self.stopped.set()
        await asyncio.sleep(self.dice.choice([0, 0, 0.001]))
        fault = self.dice.choice(self.faults) if self.dice.random() < self.rate else ""
        if fault == "refused":
            raise RetryableError("429", 0.0, "throttled")
        n = self.gives(len(call.seeds))
        if fault == "short":
            n = 1
        reply = [self.sample(call, i) for i in range(n)]
        self.bill(reply[0].prompt_tokens, sum(c.completion_tokens for c in reply))
        if fault == "filtered":
            error = CallFailed("200, but filtered", "content_filter")
            completion = sum(c.completion_tokens for c in reply)
            error.billed, error.used = True, (reply[0].prompt_tokens, completion)
            raise error
        if fault == "lost":
            self.lost += 1
            raise RetryableError("cut", 0.0, billed=True)
        return fitted(reply, len(call.seeds))

    def sample(self, call, i):
        seed = call.seeds[i] if i < len(call.seeds) else i
        digest = hashlib.sha256(f"{call.prompt.text} {seed}".encode()).hexdigest()
        tokens = self.hidden + len(call.prompt.text) // 4
        return Completion(digest, "stop", tokens, 1 + int(digest[:4], 16) % MAX_TOKENS)

    def bill(self, prompt, completion):
        self.billed += prompt + completion
        self.dollars += prompt + 3 * completion

    async def close(self):
        pass


async def attempt(folder, server, budget, *, run="r", **how):
    """One try: solutions of all problems and verifications of each, in as many rounds as it takes.

    Returns the texts by problem, and the ledger.
    """
    engine = Engine(
        journal=Path(folder) / "journal.sqlite",
        budget=BudgetConfig(**budget),
        cost=CostConfig(prices=PRICES),
        seed=0,
        problems=PROBLEMS,
        settings=EngineSettings(
            **{"max_wait_s": 0.001, "max_attempts": 50, "concurrency": 5, **how}
        ),
        run=run,
    )
    found = await solved_and_verified(
        engine,
        server,
        PROBLEMS,
        solutions=SOLUTIONS,
        verifications=VERIFICATIONS,
        finish=bool(how.get("finish_s", 1)),
    )
    return found, engine.ledger


def play(folder, server, budget, stops=(), **how):
    """Tries that are stopped after so many requests each, and one that is not."""
    for requests in stops:
        server.stop_at = server.requests + requests
        with suppress(Stopped):
            asyncio.run(attempt(folder, server, budget, **how))
    server.stop_at = None
    return asyncio.run(attempt(folder, server, budget, **how))


def texts(found):
    """Every sample, with whose it is."""
    everything = []
    for problem, (solutions, verifications) in found.items():
        everything += [(problem, text) for text in solutions]
        judged = zip(filter(None, solutions), verifications, strict=True)
        everything += [(problem, s, text) for s, v in judged for text in v]
    return everything


LARGE = {"per_run": {"tokens": 5000}}
groups = st.sampled_from([1, 3, 4, 8])
stops = st.lists(st.integers(1, 40), max_size=3)
limits = st.one_of(
    st.integers(400, 9000).map(lambda n: {"per_run": {"tokens": n}}),
    st.integers(600, 20000).map(lambda n: {"per_run": {"usd": n}}),
    st.integers(100, 1500).map(
        lambda n: {"per_problem": {"tokens": n}, "per_run": {"tokens": 5000}}
    ),
)


def bounds(server, budget):
    """What is billed, and the limit on it, in each unit of a run's budget."""
    run = budget["per_run"]
    yield from [(server.billed, run["tokens"])] if "tokens" in run else []
    yield from [(server.dollars, run["usd"])] if "usd" in run else []


@pytest.mark.slow
@settings(deadline=None, max_examples=15)
@given(groups, limits, stops, st.integers(0, 9))
@example(4, {"per_run": {"tokens": 2400}}, [3, 9], 1)
def test_stops_change_nothing_and_cost_nothing(group, budget, stops, dice):
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as disturbed:
        one, other = Server(group, dice=dice), Server(group, dice=dice + 1)
        undisturbed, _ = play(calm, one, budget)
        found, ledger = play(disturbed, other, budget, stops)
        assert found == undisturbed
        assert (other.billed, other.dollars) == (one.billed, one.dollars)
        assert not any(ledger.as_dict()["lost"].values())
        again, _ = play(disturbed, other, budget)
        assert again == undisturbed
        assert other.billed == one.billed
        for billed, limit in bounds(other, budget):
            assert billed <= limit


@pytest.mark.slow
@settings(deadline=None, max_examples=8)
@given(groups, groups, st.integers(600, 6000))
def test_what_others_drew_in_other_requests_changes_nothing(group, other, limit):
    """The journal of another run, another n_per_call, another budget: the samples are the same."""
    budget = {"per_run": {"tokens": limit}}
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as shared:
        undisturbed, _ = play(calm, Server(group), budget)
        play(shared, Server(other), {"per_run": {"tokens": 0.7 * limit}}, run="another")
        server = Server(group)
        found, _ = play(shared, server, budget)
        assert found == undisturbed
        assert server.billed <= limit


FAULTS = ["lost", "short", "refused", "filtered"]


@pytest.mark.slow
@settings(deadline=None, max_examples=12)
@given(
    groups,
    limits,
    stops,
    st.lists(st.sampled_from(FAULTS), max_size=3),
    st.sampled_from([0.03, 0.3]),
    st.sampled_from([0, 1]),
    st.integers(0, 99),
)
def test_whatever_goes_wrong_no_limit_is_passed_and_what_was_paid_for_is_used(
    group, budget, stops, faults, rate, finish, dice
):
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as calm:
        whole, _ = play(calm, Server(8), {})
        server = Server(group, faults=faults or [""], rate=rate, dice=dice)
        found, ledger = play(folder, server, budget, stops, finish_s=finish)
        for billed, limit in bounds(server, budget):
            assert billed <= limit * (1 + 1e-9)
            assert (
                billed <= ledger.bills.billed["tokens" if "tokens" in budget["per_run"] else "usd"]
            )
        drawn = [sample for sample in texts(found) if sample[-1]]
        assert set(drawn) <= set(texts(whole))
        assert len(set(drawn)) == len(drawn)


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.03, 0.3])
@pytest.mark.parametrize("group", [1, 4])
@pytest.mark.parametrize("dice", range(2))
def test_all_that_is_in_the_journal_is_in_the_tables(tmp_path, rate, group, dice):
    server = Server(group, faults=["lost", "short", "refused"], rate=rate, dice=dice)
    found, _ = play(tmp_path, server, {"per_run": {"tokens": 4000}}, [20, 40])
    assert len(texts(found)) == kept(tmp_path)
    again, _ = play(tmp_path, server, {"per_run": {"tokens": 4000}})
    assert len(texts(again)) == kept(tmp_path)
    assert server.billed <= 4000


def kept(folder):
    from ttc.engine.journal import Journal

    journal = Journal(folder / "journal.sqlite")
    try:
        return len(journal)
    finally:
        journal.close()


HABITS = {
    "always four": {"gives": lambda n: 4},
    "twice as many": {"gives": lambda n: 2 * n},
    "one more": {"gives": lambda n: n + 1},
    "always one": {"gives": lambda n: 1},
    "never more than two": {"gives": lambda n: min(n, 2)},
    "hidden prompt": {"hidden": 300},
    "hidden prompt, always four": {"hidden": 300, "gives": lambda n: 4},
}


@pytest.mark.slow
@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("group", [1, 4])
def test_a_server_that_bills_more_than_it_is_asked_for(tmp_path, habit, group):
    """The limit holds, most of it is used, and stops change nothing: a habit is no accident."""
    budget = {"per_run": {"tokens": 40_000 if "hidden" in habit else 4_000}}
    one = Server(group, **HABITS[habit])
    undisturbed, _ = play(tmp_path / "calm", one, budget)
    assert one.billed <= budget["per_run"]["tokens"]
    assert one.billed >= 0.7 * budget["per_run"]["tokens"] or len(texts(undisturbed)) == 6 * 56
    assert all(solutions for solutions, _ in undisturbed.values())
    other = Server(group, **HABITS[habit], dice=7)
    found, _ = play(tmp_path / "stopped", other, budget, [4, 12, 20])
    assert other.billed <= budget["per_run"]["tokens"]
    if group == 1 or "four" not in habit:  # which shows first with a request for fewer than four
        assert found == undisturbed
        assert other.billed == one.billed
