"""No more is spent on fingerprints than was set aside, however servers fail and tries end."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import UNITS, Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import Capabilities, Completion, ModelIdentity, TokenLogprob
from ttc.engine.charges import Prompts
from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.fingerprints import Watch
from ttc.engine.journal import Journal
from ttc.engine.purse import Purse, worst_case
from ttc.engine.settings import EngineSettings
from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.fingerprint import PROMPTS, fingerprint_calls

RATES = Rates(None, 1e-6, 2e-6)
BOTH = Capabilities(raw=True, logprobs=5)
FAULTS = {
    "throttled": RetryableError("429", 0.0, "throttled"),
    "broken": RetryableError("500", 0.0),
    "refused": BackendError("404"),
    "filtered": CallFailed("no", "content_filter"),
    "cut": asyncio.CancelledError(),
}


class Server:
    """Answers or fails as it is told, one call after the other; then it answers."""

    capabilities = BOTH

    def __init__(self, faults=(), prompt_tokens=3):
        self.faults, self.prompt_tokens = list(faults), prompt_tokens
        self.calls, self.tokens = 0, 0

    async def complete_at(self, call, endpoint):
        self.calls += 1
        await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise FAULTS[fault]
        self.tokens += self.prompt_tokens + 1
        token = TokenLogprob("a", -0.1, {"a": -0.1})
        return [Completion("a", "length", self.prompt_tokens, 1, logprobs=(token,))]


def attempt(folder, server, limits, run="r", servers=1):
    """One process's try at a fingerprint, its ledger and the watch."""
    ledger = Ledger(BudgetConfig(per_run=limits), ["p"])

    async def work():
        journal = folder / "journal.sqlite"
        Journal(journal).close()
        now = asyncio.get_running_loop().time()
        endpoints = [Endpoint(f"http://{i}/v1", EngineSettings(), now) for i in range(servers)]
        for endpoint in endpoints:
            endpoint.serve([], lambda: None)  # as the router of a model does
        pot = ledger.set_aside(worst_case(server.capabilities, RATES, servers))
        purse = pot and Purse(pot, ledger, RATES, journal, run, "m")
        identity = ModelIdentity("openai", "m", "http://0/v1")
        made = Watch(server, identity, "m", endpoints, journal, Events(), purse)
        await made.load()
        made.begin()
        await made.finish(60)
        return made

    return asyncio.run(work()), ledger


def test_the_worst_case_is_that_of_every_call_by_both_ways():
    alone = worst_case(BOTH, RATES, 1)
    assert alone["calls"] == 2 * len(PROMPTS) == len(fingerprint_calls(BOTH))
    assert alone["tokens"] > 2 * sum(len(text.encode()) + 1 for text in PROMPTS)
    assert worst_case(BOTH, RATES, 3) == {u: pytest.approx(3 * alone[u]) for u in UNITS}
    for offered in (Capabilities(logprobs=5), Capabilities(chat=False, raw=True, logprobs=5)):
        assert worst_case(offered, RATES, 1)["calls"] == len(PROMPTS)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.lists(st.sampled_from([None, *FAULTS]), max_size=30),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 2),
)
def test_all_tries_of_a_run_send_no_more_than_was_set_aside(tries, servers):
    most = worst_case(BOTH, RATES, servers)
    calls, tokens = 0, 0
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("ttc.engine.fingerprints._PAUSE_S", 0.0)
        for faults in tries:
            server = Server(faults)
            _, ledger = attempt(Path(folder), server, {"calls": 2000, "tokens": 1e6}, "r", servers)
            calls, tokens = calls + server.calls, tokens + server.tokens
            spent, reserved, _ = ledger.standing()["calls"]
            assert spent + reserved == most["calls"], "used or not"
            assert ledger.fingerprint.samples <= min(server.calls, spent)
    assert calls <= most["calls"]
    assert tokens <= most["tokens"]


def test_a_server_that_adds_tokens_of_its_own_gets_fewer_calls(tmp_path):
    server = Server(prompt_tokens=300)
    made, ledger = attempt(tmp_path, server, {"tokens": 1e6})
    assert server.calls < len(PROMPTS)
    assert made.seen == [] or len(made.seen[0].fingerprint.tops) < len(PROMPTS)
    assert ledger.fingerprint.paid_tokens == server.tokens == server.calls * 301


def test_what_replies_have_shown_bounds_the_calls(tmp_path):
    """No call is sent that could pass what was set aside: not even the first."""
    ledger = Ledger(BudgetConfig(per_run={"tokens": 1e6}), ["p"])
    pot = ledger.set_aside(worst_case(BOTH, RATES, 1))
    purse = Purse(pot, ledger, RATES, tmp_path / "journal.sqlite", "r", "m")
    call = fingerprint_calls(BOTH)[0]
    plain = asyncio.run(purse.take(call))
    purse.prompts = prompts = Prompts("m", careful=False)
    prompts.gave([Completion("", "stop", 50, 1, surplus=3, surplus_tokens=3)], 1)
    assert asyncio.run(purse.take(call))["tokens"] == plain["tokens"] + 3
    prompts.saw(3050, 200)
    with pytest.raises(RetryableError, match="used up"):
        asyncio.run(purse.take(call))


def test_other_runs_have_a_part_of_their_own(tmp_path):
    for run, calls in (("a", 8), ("a", 8), ("a", 0), ("b", 8)):
        server = Server()
        attempt(tmp_path, server, {"calls": 1000}, run)
        assert server.calls == calls


def test_without_a_limit_every_try_takes_one(tmp_path):
    for _ in range(4):
        server = Server()
        made, ledger = attempt(tmp_path, server, {})
        assert server.calls == ledger.fingerprint.samples == 8
        assert len(made.seen) == 1


def test_where_it_can_not_be_kept_what_is_spent_nothing_is_sent(tmp_path, caplog):
    caplog.set_level("INFO", "ttc")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database:
        database.execute("CREATE TABLE fingerprint_costs (run TEXT)")
    server = Server()
    attempt(tmp_path, server, {"calls": 1000})
    assert server.calls == 0
    assert "no fingerprint in this run" in caplog.text
