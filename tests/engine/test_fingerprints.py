"""Fingerprints beside the journal: kept, compared, and never in a run's way."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from ttc.budget.cost import Rates
from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.core import Capabilities, Completion, ModelIdentity, TokenLogprob
from ttc.engine.endpoint import Endpoint
from ttc.engine.events import Events
from ttc.engine.fingerprints import Seen, Store, Watch
from ttc.engine.journal import Journal
from ttc.engine.settings import EngineSettings
from ttc.errors import RetryableError
from ttc.fingerprint import PROMPTS, Fingerprint

LONG_AGO = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
RATES = Rates(None, 1e-6, 2e-6)
IDENTITY = ModelIdentity("openai", "m", "http://a/v1")


def fingerprint(token: str = "a", nats: float = -0.1) -> Fingerprint:
    return Fingerprint(False, {prompt: {token: nats} for prompt in PROMPTS})


class Served:
    """Servers that all answer with one token; `trouble(number)` may raise or wait."""

    capabilities = Capabilities(raw=True, logprobs=5)

    def __init__(self, token="a", trouble=None):
        self.token, self.trouble = token, trouble
        self.calls, self.most, self.busy = [], 0, 0

    async def complete_at(self, call, endpoint):
        self.calls.append(endpoint)
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await asyncio.sleep(0)
            if self.trouble is not None:
                await self.trouble(len(self.calls))
        finally:
            self.busy -= 1
        token = TokenLogprob(self.token, -0.1, {self.token: -0.1})
        return [Completion(self.token, "length", 3, 1, logprobs=(token,))]


async def unkept(amounts):
    """As where a run has no limit."""


def watch(
    folder,
    served,
    work=None,
    *,
    names=("http://a/v1",),
    patience=60.0,
    ledger=None,
    **settings,
):
    """The watch after a run that sent calls; `work(watch, endpoints)` runs before its end."""
    ledger = ledger or Ledger(BudgetConfig(), ["p"])

    async def run():
        Journal(folder / "journal.sqlite").close()
        now = asyncio.get_running_loop().time()
        endpoints = [Endpoint(name, EngineSettings(**settings), now) for name in names]
        for endpoint in endpoints:
            endpoint.serve([], lambda: None)  # as the router of a model does
        journal = folder / "journal.sqlite"
        made = Watch(served, IDENTITY, "m", endpoints, journal, Events(), RATES, ledger, unkept)
        await made.load()
        if work is None:
            made.begin()
        else:
            await work(made, endpoints)
        await made.finish(patience)
        return made, endpoints

    return asyncio.run(run())


def test_what_is_kept_is_read_again_in_order(tmp_path):
    store = Store(tmp_path / "journal.sqlite")
    later = Seen(LONG_AGO + timedelta(days=1), fingerprint("b"))
    first = Seen(LONG_AGO, fingerprint())
    for seen in (later, first, later):
        store.add("m", seen)
    assert store.read("m") == [first, later]
    assert store.read("another") == []


def test_unreadable_rows_are_left_out(tmp_path, caplog):
    store = Store(tmp_path / "journal.sqlite")
    store.add("m", Seen(LONG_AGO, fingerprint()))
    with closing(sqlite3.connect(store.path)) as database, database:
        for taken, content in [("x", "{}"), ("2024-01-01", "[1]"), ("2024-01-02", "not json")]:
            database.execute("INSERT INTO fingerprints VALUES ('m', ?, ?)", (taken, content))
    caplog.set_level(logging.INFO, "ttc")
    assert len(store.read("m")) == 1
    assert caplog.text.count("can't be read") == 3


def test_a_key_in_a_token_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "sk-echoed-0123456789")
    made, _ = watch(tmp_path, Served("sk-echoed-0123456789"))
    assert len(made.seen) == 1
    assert b"sk-echoed" not in b"".join(p.read_bytes() for p in tmp_path.iterdir())


def test_the_first_time_is_no_news_and_the_second_model_is(tmp_path, caplog):
    first, _ = watch(tmp_path, Served("a"))
    again, _ = watch(tmp_path, Served("a"))
    assert first.warning == again.warning == ""
    assert again.seen == first.seen
    other, _ = watch(tmp_path, Served("b"))
    assert "another model" in other.warning
    assert other._events.warnings == [other.warning]
    assert [r.levelname for r in caplog.records].count("WARNING") == 1
    # The journal still has samples of both, whichever model is back.
    back, _ = watch(tmp_path, Served("a"))
    assert "another model" in back.warning
    assert len(back.seen) == 2


def test_without_a_call_nothing_is_asked(tmp_path):
    async def nothing(made, endpoints):
        pass

    served = Served()
    watch(tmp_path, served, nothing)
    assert served.calls == []


def test_many_calls_bring_along_one_fingerprint(tmp_path):
    async def busy(made, endpoints):
        for _ in range(50):
            made.begin()

    served = Served()
    watch(tmp_path, served, busy)
    assert len(served.calls) == len(PROMPTS)
    assert served.most <= 4


def test_every_server_of_a_pool_is_asked_and_places_are_given_back(tmp_path):
    served = Served()
    names = ("http://a/v1", "http://b/v1")
    made, endpoints = watch(tmp_path, served, names=names)
    assert [served.calls.count(name) for name in names] == [8, 8]
    assert len(made.seen) == 1
    assert [e.in_flight for e in endpoints] == [0, 0]


def test_the_calls_count_in_the_servers_rate(tmp_path):
    ready = []

    async def work(made, endpoints):
        made.begin()
        await made.finish(60)
        now = asyncio.get_running_loop().time()
        ready.append(endpoints[0].ready_at(1, now) - now)

    watch(tmp_path, Served(), work, requests_per_minute=6)
    assert ready[0] > 10, "eight requests of six a minute were sent"


def test_a_full_server_is_asked_again_and_its_health_is_not_judged(tmp_path):
    async def full(number):
        if number <= 4:
            raise RetryableError("429", 0.001, "throttled")

    served = Served(trouble=full)
    made, (endpoint,) = watch(tmp_path, served)
    assert len(made.seen) == 1
    assert len(served.calls) == 12
    assert (endpoint.breaker.failures, endpoint.state.retries) == (0, 0)


@pytest.mark.parametrize(
    "error", [RetryableError("no connection", 0.0), RuntimeError("a fault"), TimeoutError()]
)
def test_whatever_goes_wrong_is_logged_and_over(tmp_path, caplog, error):
    async def broken(number):
        raise error

    caplog.set_level(logging.INFO, "ttc")
    made, (endpoint,) = watch(tmp_path, Served(trouble=broken))
    assert made.seen == []
    assert made.warning == ""
    assert "no fingerprint" in caplog.text
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert endpoint.breaker.failures == endpoint.in_flight == 0


def test_a_server_that_is_not_well_is_left_alone(tmp_path):
    async def ill(made, endpoints):
        endpoints[0].breaker.state = "open"
        made.begin()

    served = Served()
    made, _ = watch(tmp_path, served, ill)
    assert served.calls == made.seen == []


def test_a_server_that_hangs_is_given_up_at_the_end(tmp_path, caplog):
    async def hang(number):
        await asyncio.sleep(600)

    caplog.set_level(logging.INFO, "ttc")
    made, (endpoint,) = watch(tmp_path, Served(trouble=hang), patience=0.01)
    assert made.seen == []
    assert "the run was over before" in caplog.text
    assert endpoint.in_flight == 0


def test_a_journal_that_can_t_be_read_or_written_ends_nothing(tmp_path, caplog):
    async def spoilt(made, endpoints):
        made._store.path = tmp_path / "no" / "such" / "folder"
        await made.load()
        made.begin()

    caplog.set_level(logging.INFO, "ttc")
    made, _ = watch(tmp_path, Served(), spoilt)
    assert "no earlier fingerprints" in caplog.text
    assert "unable to open" in caplog.text
    assert len(made.seen) == 1


def test_listeners_hear_what_is_known_and_what_is_new(tmp_path):
    heard = []

    async def follow(made, endpoints):
        made.follow(lambda w: heard.append((len(w.seen), bool(w.warning))))
        made.begin()

    watch(tmp_path, Served("a"))
    watch(tmp_path, Served("b"), follow)
    assert heard == [(1, False), (2, True)]
