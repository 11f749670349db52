"""Journals exchange samples: nothing twice, nothing lost, nothing worse, whatever the order."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.core import Completion, TokenLogprob
from ttc.engine.billing import Bill
from ttc.engine.fingerprints import Seen, Store
from ttc.engine.journal import Absorbed, Journal
from ttc.engine.journal_id import ABOUT, journal_id
from ttc.engine.journal_look import look_into
from ttc.engine.journal_merge import EVERY_RUN, pull
from ttc.errors import DataError, TtcError
from ttc.fingerprint import PROMPTS, Fingerprint

ONE = {"tokens": 10.0, "flops": 0.0, "usd": 1.0, "calls": 1.0}
NONE = dict.fromkeys(ONE, 0.0)


def key(number):
    return number.to_bytes(16, "big")


def sample(text, **more):
    return Completion(text, "stop", 3, 5, **more)


def fill(path, samples, bills=()):
    """Samples by number."""
    with closing(Journal(path)) as journal:
        entries = [(key(number), made) for number, made in samples.items()]
        asyncio.run(journal.put(entries, bills))


def texts(path, numbers=range(50)):
    with closing(Journal(path)) as journal:
        found = asyncio.run(journal.get([key(number) for number in numbers]))
    return {int.from_bytes(k, "big"): made.text for k, made in found.items()}


def billed(path, run="r", problem="p"):
    with closing(Journal(path)) as journal:
        return asyncio.run(journal.bills(run))[0].get(problem, NONE)["tokens"]


@pytest.fixture
def two(tmp_path):
    return tmp_path / "one.sqlite", tmp_path / "two.sqlite"


def test_what_is_lacking_comes_and_comes_once(two):
    one, other = two
    fill(one, {1: sample("a"), 2: sample("b")})
    fill(other, {2: sample("b"), 3: sample("c")})
    assert pull(one, other).came == Absorbed(new=1)
    assert texts(other) == {1: "a", 2: "b", 3: "c"}
    assert pull(one, other).came == Absorbed()
    assert texts(one) == {1: "a", 2: "b"}, "the source stays as it was"


def test_a_target_that_is_not_there_is_made(two):
    one, other = two
    fill(one, {n: sample(str(n)) for n in range(1200)})
    seen = []
    done = pull(one, other, progress=lambda n, of: seen.append((n, of)))
    assert (done.samples, done.came.new) == (1200, 1200)
    assert seen == [(500, 1200), (1000, 1200), (1200, 1200)]


def test_what_was_there_stays_unless_it_is_worse(two):
    """By the rule of `Journal.put`."""
    one, other = two
    rich = sample("rich", alternatives=2, logprobs=(TokenLogprob("x", -1.0, {"x": -1.0}),))
    fill(one, {1: sample("new"), 2: sample("good"), 3: rich, 4: sample("", error="gave up")})
    fill(other, {1: sample("old"), 2: sample("", error="lost"), 3: sample("poor"), 4: sample("y")})
    assert pull(one, other).came == Absorbed(replaced=2)
    assert texts(other) == {1: "old", 2: "good", 3: "rich", 4: "y"}


def test_damaged_rows_are_left_behind_and_told(two):
    one, other = two
    fill(one, {1: sample("a"), 2: sample("b"), 3: sample("c")})
    fill(other, {3: sample("c")})
    with closing(sqlite3.connect(one)) as connection:
        connection.execute("UPDATE completions SET payload = x'00' WHERE key != ?", (key(1),))
        connection.commit()
    assert pull(one, other).came == Absorbed(new=1, damaged=2)
    assert texts(other) == {1: "a", 3: "c"}


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.dictionaries(st.integers(0, 9), st.booleans(), max_size=8), min_size=3, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8),
)
def test_any_order_of_pulls_comes_to_the_same(contents, pulls):
    """Of samples that are the same wherever they are drawn; failures are not."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.sqlite" for i in range(3)]
        for i, (path, content) in enumerate(zip(paths, contents, strict=True)):
            made = {
                n: sample(f"{n}") if good else sample("", error="x") for n, good in content.items()
            }
            fill(path, made, [Bill("r", "p", {**ONE, "tokens": 10.0**i}, NONE)])
        for source, target in (*pulls, (0, 1), (1, 2), (2, 0), (0, 1)):
            if source != target:
                pull(paths[source], paths[target], EVERY_RUN)
        wanted: dict[int, str] = {}
        for content in contents:
            for n, good in content.items():
                wanted[n] = str(n) if good else wanted.get(n, "")
        for path in paths:
            assert texts(path) == wanted
            assert billed(path) == 111, "what each journal was billed counts once"


def test_bills_come_only_where_asked_for_and_grow_with_their_journal(two):
    one, other = two
    fill(one, {1: sample("a")}, [Bill("r", "p", ONE, NONE), Bill("q", "p", ONE, NONE)])
    fill(other, {2: sample("b")}, [Bill("r", "p", ONE, NONE)])
    pull(one, other)
    assert billed(other) == 10
    pull(one, other, bills="r")
    pull(one, other, bills="r")
    assert (billed(other), billed(other, "q")) == (20, 0)
    fill(one, {3: sample("c")}, [Bill("r", "p", ONE, NONE)])
    pull(one, other, bills="r")
    assert billed(other) == 30
    pull(other, one, EVERY_RUN)
    assert billed(one) == 30, "its own bills, which the other knows of, are no others'"


def test_a_run_counts_its_shards_and_a_shard_its_problems_whoever_drew(two):
    one, _ = two
    names = {"r/s0": 1, "r/s0/shards/1-of-2": 2, "r/s0/shards/2-of-2": 4, "r/s00": 8, "r/s": 16}
    bills = [Bill(run, "p", {**ONE, "tokens": n}, NONE) for run, n in names.items()]
    bills += [Bill(run, "", {**ONE, "tokens": 100 * n}, NONE) for run, n in names.items()]
    fill(one, {}, bills)
    assert billed(one, "r/s0") == 7
    with closing(Journal(one)) as journal:
        found, _ = asyncio.run(journal.bills("r/s0/shards/1-of-2", "r/s0"))
    assert found["p"]["tokens"] == 7
    assert found[""]["tokens"] == 200, "what no problem was billed for is each one's own"


def test_a_copy_is_another_journal(two, tmp_path):
    """Both go on to be billed; what they had before they parted counts once."""
    one, other = two
    fill(one, {1: sample("a")}, [Bill("r", "p", ONE, NONE)])
    shutil.copy(one, other)
    fill(one, {2: sample("b")}, [Bill("r", "p", ONE, NONE)])
    fill(other, {3: sample("c")}, [Bill("r", "p", ONE, NONE)])
    assert (billed(one), billed(other)) == (20, 20)
    pull(one, other, EVERY_RUN)
    pull(other, one, EVERY_RUN)
    assert (billed(one), billed(other)) == (30, 30)


def test_a_journal_that_can_only_be_read(two):
    one, other = two
    fill(one, {1: sample("a")}, [Bill("r", "p", ONE, NONE)])
    one.chmod(0o444)
    pull(one, other, EVERY_RUN)
    assert texts(other) == {1: "a"}
    assert billed(other) == 10


def test_while_others_use_both(two):
    one, other = two
    fill(one, {1: sample("a")})
    with closing(Journal(one)) as source, closing(Journal(other)) as target:
        asyncio.run(source.put([(key(5), sample("not closed yet"))]))
        asyncio.run(target.put([(key(6), sample("mine"))]))
        assert pull(one, other).came.new == 2
        assert asyncio.run(target.get([key(5)]))[key(5)].text == "not closed yet"
        asyncio.run(target.put([(key(7), sample("more"))]))


def test_what_is_no_journal(two, tmp_path):
    one, other = two
    with pytest.raises(DataError, match="there is no journal"):
        pull(one, other)
    assert not other.exists()
    one.write_text("not SQLite at all, but long enough to be looked at as a header of it")
    with pytest.raises(DataError, match="no journal of ttc"):
        pull(one, other)
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(DataError, match="no journal of ttc"):
        pull(tmp_path / "empty.sqlite", other)
    fill(other, {})
    with pytest.raises(DataError, match="the same journal"):
        pull(other, other)
    with pytest.raises(DataError, match="no journal of ttc"):
        pull(other, one)


def fingerprint(likely):
    return Fingerprint(False, {p: {likely: -0.1, "other": -3.0} for p in PROMPTS})


def test_samples_of_another_model_under_one_name_stay_apart(two):
    one, other = two
    fill(one, {1: sample("a")})
    fill(other, {2: sample("b")})
    now = datetime.now(UTC)
    Store(one).add('["openai", "m"]', Seen(now, fingerprint("x")))
    assert pull(one, other).came.new == 1
    assert look_into(other).models == {"openai m": 1}
    pull(one, other)
    assert look_into(other).models == {"openai m": 1}
    Store(one).add('["openai", "m"]', Seen(now, fingerprint("y")))
    fill(one, {3: sample("c")})
    with pytest.raises(DataError, match="another model"):
        pull(one, other)
    assert 3 not in texts(other)


def test_keys_of_older_journals_are_found_after_a_pull(two):
    one, other = two
    fill(one, {1: sample("a")})
    fill(other, {2: sample("b")})
    with closing(sqlite3.connect(one)) as connection:
        connection.execute("PRAGMA user_version=0")
    pull(one, other)
    with closing(Journal(other)) as journal:
        assert journal.older


def test_look_into_changes_nothing(two):
    one, _ = two
    fill(one, {1: sample("a")}, [Bill("r", "p", ONE, NONE), Bill("r", "", ONE, NONE)])
    before = one.read_bytes()
    inside = look_into(one)
    assert inside.samples == 1
    assert inside.bills["r"][0] == 1
    assert inside.bills["r"][1]["tokens"] == 20
    assert one.read_bytes() == before


def spoil(path, *statements):
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT"


@pytest.mark.parametrize(
    "statements",
    [
        (
            "DROP TABLE completions",
            f"CREATE VIEW completions AS {ENDLESS} randomblob(16) AS key, x AS payload FROM c",
        ),
        (
            "DELETE FROM about",
            "CREATE TRIGGER t BEFORE INSERT ON about BEGIN INSERT INTO bills "
            f"{ENDLESS} 'r' || x, '', 1, 1, 1, 1, 0, 0, 0, 0 FROM c; END",
        ),
        (
            "DROP TABLE completions",
            "CREATE TABLE completions (key BLOB, payload BLOB AS (zeroblob(1000000000)))",
        ),
    ],
    ids=["view", "trigger", "computed"],
)
def test_a_journal_that_would_run_code_is_not_used(two, statements):
    one, other = two
    fill(one, {1: sample("a")}, [Bill("r", "p", ONE, NONE)])
    spoil(one, *statements)
    with pytest.raises(DataError, match=r"views or triggers|no journal of ttc"):
        pull(one, other, EVERY_RUN)
    with pytest.raises(DataError, match=r"views or triggers|no journal of ttc"):
        look_into(one)
    assert not other.exists()


def test_bills_from_elsewhere_give_nobody_more_to_spend(two):
    one, other = two
    fill(one, {1: sample("a")}, [Bill("r", "q", ONE, NONE)])
    fill(other, {}, [Bill("r", "p", ONE, NONE)])
    spoil(one, "INSERT INTO bills VALUES ('r', 'p', -1e9, 0, -1e9, -5, 7, 0, 0, 0)")
    pull(one, other, EVERY_RUN)
    assert billed(other) == 10
    assert billed(other, problem="q") == 10
    with closing(Journal(other)) as journal:
        assert asyncio.run(journal.bills("r"))[1]["p"]["tokens"] == 0


@pytest.mark.parametrize("amount", ["'abc'", "9e999", "x'00'", "NULL"])
def test_bills_that_are_no_amounts_are_refused(two, amount):
    one, other = two
    fill(one, {1: sample("a")})
    spoil(one, f"INSERT INTO bills VALUES ('r', 'p', {amount}, 0, 0, 0, 0, 0, 0, 0)")
    with pytest.raises(DataError, match="1 bill without amounts"):
        pull(one, other, EVERY_RUN)
    assert texts(other) == {1: "a"}
    assert look_into(one).bills == {}
    assert look_into(other).bills == {}


def test_fingerprints_of_another_kind_are_one_clear_message(two):
    one, other = two
    fill(one, {1: sample("a")})
    spoil(one, "CREATE TABLE fingerprints (model TEXT)", "INSERT INTO fingerprints VALUES ('[]')")
    with pytest.raises(TtcError, match=r"one\.sqlite can't be used"):
        pull(one, other)


def test_what_ends_a_transaction_by_itself_is_what_is_told(tmp_path):
    """A full disk does: then nothing is left to be rolled back."""
    with closing(sqlite3.connect(tmp_path / "x", isolation_level=None)) as connection:
        connection.execute(ABOUT)
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON about BEGIN SELECT raise(ROLLBACK, 'full'); END"
        )
        with pytest.raises(sqlite3.Error, match="full"):
            journal_id(connection, tmp_path / "x")
