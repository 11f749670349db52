"""Log-probabilities are read off a sample: who asks for them gets the texts that others got."""

import asyncio
import hashlib
import json
import sqlite3
import tempfile
import zlib
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.cost import CostConfig
from ttc.budget.ledger import BudgetConfig
from ttc.core import Capabilities, Completion, ModelIdentity, Prompt, SamplingParams, TokenLogprob
from ttc.engine.content import marked
from ttc.engine.engine import Engine
from ttc.engine.journal import Journal
from ttc.engine.settings import EngineSettings

PROMPT = Prompt(text="Is it right?")
IDENTITY = ModelIdentity("fake", "fake", revision="1")
LENGTH = 6


class Judge:
    """Text from the seed alone, or else another one at each call; probabilities as asked for."""

    def __init__(self, deterministic=True):
        self.capabilities = Capabilities(
            raw=True, max_n=3, seed=True, logprobs=20, deterministic=deterministic
        )
        self.drawn = 0

    async def identify(self):
        return IDENTITY

    def count_tokens(self, prompt):
        return 5

    async def complete(self, call):
        return [self._sample(call.params, seed) for seed in call.seeds]

    def _sample(self, params, seed):
        self.drawn += 1
        text = f"text {seed}" if self.capabilities.deterministic else f"text {self.drawn}"
        return sample(text, params)

    async def close(self):
        pass


def sample(text, params):
    if params.logprobs is None:
        return Completion(text, "stop", 5, LENGTH)
    tops = {f"t{i}": -1.0 - i for i in range(params.logprobs)}
    tokens = [TokenLogprob(f"{text} {i}", -0.5 * i, tops) for i in range(LENGTH)]
    kept = (
        tokens if params.keep_logprobs is None else tokens[max(0, LENGTH - params.keep_logprobs) :]
    )
    return Completion(text, "stop", 5, LENGTH, mean_logprob=-1.25, logprobs=tuple(kept))


def ask(folder, judge, *asked, n=5):
    """What each of several requests for the same samples gets in one run."""

    async def run():
        engine = Engine(
            journal=folder / "journal.sqlite",
            budget=BudgetConfig(),
            cost=CostConfig(),
            seed=0,
            problems=["p"],
            settings=EngineSettings(),
        )
        async with engine:
            # As verifiers do, which are models of their own.
            models = [await engine.attach(judge) for _ in asked]
            rows = [
                await model.sample(PROMPT, p, n, problem_id="p", role="verifier")
                for model, p in zip(models, asked, strict=True)
            ]
            # How many requests brought them, and what was charged, is no part of what is read.
            return [[replace(c, requests=1, charged=0) for c in row] for row in rows]

    return asyncio.run(run())


def params(logprobs, kept=None):
    return SamplingParams(max_tokens=10, logprobs=logprobs, keep_logprobs=kept)


def texts(row):
    return [c.text for c in row]


def test_with_and_without_are_the_same_texts_and_bought_once(tmp_path):
    judge = Judge()
    rich, bare = ask(tmp_path, judge, params(5), params(None))
    assert texts(rich) == texts(bare)
    assert judge.drawn == 5
    assert all(c.logprobs == () and c.mean_logprob is None for c in bare)


def test_who_needs_more_draws_the_same_texts_anew_and_later_ones_find_that(tmp_path, caplog):
    judge = Judge()
    bare, rich = ask(tmp_path, judge, params(None), params(5))
    assert texts(rich) == texts(bare)
    assert judge.drawn == 10
    assert all(len(token.top) == 5 for c in rich for token in c.logprobs)
    (said,) = caplog.records
    assert "fewer log-probabilities" in said.getMessage()
    again = Judge()
    found = ask(tmp_path, again, params(None), params(5), params(2, kept=3))
    few = params(2, kept=3)
    assert found == [bare, rich, [marked(sample(c.text, few), few) for c in rich]]
    assert again.drawn == 0


def test_a_server_s_other_text_replaces_the_stored_one_and_the_log_says_so(tmp_path, caplog):
    bare, rich, after = ask(tmp_path, Judge(False), params(None), params(5), params(None))
    assert set(texts(bare)).isdisjoint(texts(rich))
    assert texts(after) == texts(rich)
    (said,) = caplog.records
    assert "may be other texts" in said.getMessage()


requests = st.builds(params, st.none() | st.integers(0, 7), st.none() | st.integers(0, LENGTH + 2))


@pytest.mark.slow
@given(st.lists(st.tuples(requests, st.integers(1, 5)), min_size=1, max_size=5))
@settings(deadline=None, max_examples=40)
def test_in_any_order_each_gets_what_it_would_get_alone(asked):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for p, n in asked:
            (row,) = ask(folder, Judge(), p, n=n)
            with tempfile.TemporaryDirectory() as other:
                assert [row] == ask(Path(other), Judge(), p, n=n)
        last = Judge()
        rows = ask(folder, last, *[p for p, _ in asked], n=min(n for _, n in asked))
        assert last.drawn == 0
        assert len({tuple(texts(row)) for row in rows}) == 1


def old_key(p, number):
    """As 0.1.0 had it, which also seeded by it."""
    kept = p.keep_logprobs and min(p.keep_logprobs, 8)
    content = {
        "model": IDENTITY.scope,
        "prompt": asdict(PROMPT),
        "params": asdict(replace(p, keep_logprobs=kept)),
        "seed": 0,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content = hashlib.blake2b(text.encode(), digest_size=16).digest() + number.to_bytes(8, "big")
    seed = hashlib.blake2b(content, digest_size=4, person=b"ttc-seed").digest()
    key = hashlib.blake2b(content, digest_size=16, person=b"ttc-sample").digest()
    return key, int.from_bytes(seed, "big") & 0x7FFFFFFF


def old_journal(folder, *asked, n=5):
    """A journal of 0.1.0 with the samples that these requests bought; returns them."""
    rows = [[] for _ in asked]
    with closing(sqlite3.connect(folder / "journal.sqlite")) as database, database:
        database.execute(
            "CREATE TABLE completions (key BLOB PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID"
        )
        for row, p in zip(rows, asked, strict=True):
            for number in range(n):
                key, seed = old_key(p, number)
                made = sample(f"text {seed}", p)
                content = {
                    k: v for k, v in asdict(made).items() if k not in ("alternatives", "kept")
                }
                payload = zlib.compress(json.dumps(content).encode())
                database.execute("INSERT INTO completions VALUES (?, ?)", (key, payload))
                row.append(marked(made, p))
    return rows


@pytest.mark.parametrize("p", [params(5, kept=8), params(None), params(0), params(3, kept=64)])
def test_a_journal_of_0_1_0_serves_what_was_asked_for_then(tmp_path, p):
    judge = Judge()
    (old,) = old_journal(tmp_path, p)
    assert ask(tmp_path, judge, p) == [old]
    assert judge.drawn == 0


@pytest.mark.parametrize("p", [params(None, kept=0), params(0, kept=0)])
def test_what_0_1_0_drew_under_today_s_key_hides_nothing_richer(tmp_path, p):
    """A sampler's, without and with `logprobs: true`."""
    judge = Judge()
    old_journal(tmp_path, params(None, kept=0), params(0, kept=0))
    ask(tmp_path, judge, p)
    assert judge.drawn == 0


def test_score_modes_that_0_1_0_bought_apart_are_read_from_one(tmp_path):
    rich, bare = params(5, kept=8), params(None, kept=8)
    old, _ = old_journal(tmp_path, rich, bare)
    judge = Judge()
    found = ask(tmp_path, judge, bare, rich, n=7)
    assert found[1][:5] == old
    assert texts(found[0]) == texts(found[1])
    assert judge.drawn == 2 + 2  # the new ones, without and then with


def test_what_0_1_0_drew_without_is_drawn_anew_by_its_own_seed(tmp_path):
    rich, bare = params(5, kept=8), params(None, kept=8)
    (old,) = old_journal(tmp_path, bare)
    judge = Judge()
    found = ask(tmp_path, judge, bare, rich, params(7, kept=8), bare)
    assert [texts(row) for row in found] == [texts(old)] * 4
    assert judge.drawn == 10
    again = Judge()
    assert ask(tmp_path, again, rich, bare) == [found[1], found[0]]
    assert again.drawn == 0


def test_new_journals_are_not_searched_for_old_keys(tmp_path):
    for _ in range(2):
        journal = Journal(tmp_path / "journal.sqlite")
        assert not journal.older
        journal.close()
    (tmp_path / "old").mkdir()
    old_journal(tmp_path / "old", params(1))
    journal = Journal(tmp_path / "old" / "journal.sqlite")
    assert journal.older
    journal.close()
