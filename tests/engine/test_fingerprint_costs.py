"""What fingerprints cost: by itself, within what no problem wants, over all tries of a run."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import UNITS, CostConfig, Rates
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams, TokenLogprob
from ttc.engine.charges import Prompts
from ttc.engine.engine import Engine
from ttc.engine.fingerprints import worst_case
from ttc.errors import BackendError, CallFailed, RetryableError
from ttc.fingerprint import PROMPTS, fingerprint_calls

RATES = Rates(None, 1e-6, 2e-6)
BOTH = Capabilities(raw=True, logprobs=5)
FAULTS = {
    "throttled": RetryableError("429", 0.0, "throttled"),
    "broken": RetryableError("500", 0.0),
    "lost": RetryableError("cut", 0.0, billed=True),
    "refused": BackendError("404"),
    "filtered": CallFailed("no", "content_filter"),
    "cut": asyncio.CancelledError(),
}


class Server:
    """Answers or fails as it is told, one fingerprint's call after the other; then it answers."""

    capabilities = BOTH
    endpoints = ("http://a/v1",)

    def __init__(self, faults=(), prompt_tokens=3):
        self.faults, self.prompt_tokens = list(faults), prompt_tokens
        self.asked, self.calls, self.tokens = 0, 0, 0

    async def identify(self):
        return ModelIdentity("openai", "m", self.endpoints[0])

    def count_tokens(self, prompt):
        return None

    async def check(self, endpoint):
        pass

    async def complete_at(self, call, endpoint):
        if call.params.max_tokens == 1:
            return [await self.fingerprint()]
        self.asked += 1
        self.tokens += 6
        return [Completion("a", "stop", 5, 1)]

    async def complete(self, call):
        return await self.complete_at(call, self.endpoints[0])

    async def fingerprint(self):
        self.calls += 1
        await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            self.tokens += 4 if fault in ("lost", "cut") else 0
            raise FAULTS[fault]
        self.tokens += self.prompt_tokens + 1
        token = TokenLogprob("a", -0.1, {"a": -0.1})
        return Completion("a", "length", self.prompt_tokens, 1, logprobs=(token,))

    async def close(self):
        pass


def attempt(folder, server, limits, run="r", fail=False, samples=4, **per_problem):
    """One process's try: some samples, and what comes with them; its engine."""

    async def work():
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=BudgetConfig(per_run=limits, per_problem=per_problem),
            cost=CostConfig(prices={"prompt_per_million": 1, "completion_per_million": 2}),
            seed=0,
            problems=["p"],
            run=run,
        )
        async with engine:
            model = await engine.attach(server)
            params, prompt = SamplingParams(max_tokens=4), Prompt(text="1+1?")
            found = await model.sample(prompt, params, samples, problem_id="p")
            if fail:
                raise BackendError("broken")
        return engine, len(found)

    return asyncio.run(work())


def test_the_worst_case_is_that_of_every_call_by_both_ways():
    alone = worst_case(BOTH, RATES, 1)
    assert alone["calls"] == 2 * len(PROMPTS) == len(fingerprint_calls(BOTH))
    assert alone["tokens"] > 2 * sum(len(text.encode()) + 1 for text in PROMPTS)
    assert worst_case(BOTH, RATES, 3) == {u: pytest.approx(3 * alone[u]) for u in UNITS}
    for offered in (Capabilities(logprobs=5), Capabilities(chat=False, raw=True, logprobs=5)):
        assert worst_case(offered, RATES, 1)["calls"] == len(PROMPTS)


def test_what_replies_have_shown_bounds_the_calls():
    plain = worst_case(BOTH, RATES, 1)["tokens"]
    prompts = Prompts("m", careful=False)
    prompts.gave([Completion("", "stop", 50, 1, surplus=3, surplus_tokens=3)], 1)
    assert worst_case(BOTH, RATES, 1, prompts)["tokens"] == plain + 16 * 3
    prompts.saw(3050, 200)
    assert worst_case(BOTH, RATES, 1, prompts)["tokens"] > 16 * 3000


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from([None, *FAULTS]), max_size=30), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([{"tokens": 900}, {"tokens": 1800}, {}]),
    st.sampled_from([{}, {"tokens": 40}]),
)
def test_no_limit_is_passed_by_all_tries_of_a_run(tries, limits, per_problem):
    tokens = 0
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr("ttc.engine.fingerprints._PAUSE_S", 0.0)
        for faults, fail in tries:
            server = Server(faults)
            try:
                attempt(Path(folder), server, limits, fail=fail, **per_problem)
            except BackendError:
                assert fail
            tokens += server.tokens
        if limits:
            assert tokens <= limits["tokens"]
            assert billed(Path(folder)) >= tokens


def billed(folder):
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database:
        (tokens,) = database.execute("SELECT sum(tokens) FROM bills").fetchone()
    return tokens


def test_it_waits_for_the_end_where_problems_may_want_it_all(tmp_path):
    """A run that fails has none, so that all of its budget is there for the next try."""
    server = Server()
    with pytest.raises(BackendError):
        attempt(tmp_path, server, {"tokens": 1000}, fail=True)
    assert server.calls == 0
    engine, _ = attempt(tmp_path, server, {"tokens": 1000})
    assert server.calls == 0, "nothing was sent, so nobody answered"
    engine, _ = attempt(tmp_path, server, {"tokens": 1000}, samples=5)
    assert server.calls == len(PROMPTS) == engine.ledger.fingerprint.samples
    assert engine.ledger.fingerprint.paid_tokens == 4 * len(PROMPTS)
    assert engine.ledger.standing()["tokens"][0] == 5 * 6 + 4 * len(PROMPTS) == billed(tmp_path)


def test_it_comes_with_the_first_reply_where_they_can_not(tmp_path):
    server = Server()
    with pytest.raises(BackendError):
        attempt(tmp_path, server, {"tokens": 1000}, fail=True, tokens=50)
    assert server.calls == len(PROMPTS)


def test_where_nothing_is_left_there_is_none_and_the_log_says_so(tmp_path, caplog):
    caplog.set_level("INFO", "ttc")
    server = Server()
    _, found = attempt(tmp_path, server, {"calls": 19})
    assert (found, server.calls) == (4, 0)
    assert "the run's budget has no room" in caplog.text
    _, found = attempt(tmp_path / "more", server, {"calls": 20})
    assert (found, server.calls) == (4, len(PROMPTS))


def test_a_server_that_adds_tokens_of_its_own_gets_fewer_calls(tmp_path):
    server = Server(prompt_tokens=300)
    attempt(tmp_path, server, {"tokens": 2000})
    assert 0 < server.calls < len(PROMPTS)
    assert billed(tmp_path) == server.tokens


def test_without_a_limit_every_try_takes_one(tmp_path):
    for samples in (1, 2, 3):
        server = Server(prompt_tokens=300)
        engine, _ = attempt(tmp_path, server, {}, samples=samples)
        assert server.calls == engine.ledger.fingerprint.samples == len(PROMPTS)


def test_journals_with_a_table_of_costs_of_their_own_still_open(tmp_path):
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as database, database:
        database.execute(
            "CREATE TABLE fingerprint_costs (run TEXT, model TEXT, tokens REAL, flops REAL, "
            "usd REAL, calls REAL, PRIMARY KEY (run, model)) WITHOUT ROWID"
        )
        database.execute("INSERT INTO fingerprint_costs VALUES ('r', 'm', 72, 0, 0, 8)")
    server = Server()
    attempt(tmp_path, server, {"tokens": 1000})
    assert server.calls == len(PROMPTS)
