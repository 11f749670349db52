"""The journal keeps what it said it keeps."""

import asyncio
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.core import Completion, TokenLogprob
from ttc.engine.codec import Damaged, pack, unpack
from ttc.engine.journal import Journal
from ttc.errors import TtcError

WRITER = """
import asyncio, sys
from pathlib import Path
from ttc.core import Completion
from ttc.engine.journal import Journal

async def main(path, name, count):
    journal = Journal(Path(path))
    for i in range(count):
        key = f"{name}-{i}".encode()
        await journal.put([(key, Completion(f"text {name}-{i}", "stop", 1, 2))])
        print(key.decode(), flush=True)
    journal.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def writer(path, name, count):
    command = [sys.executable, "-c", WRITER, str(path), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def stored(path, keys):
    journal = Journal(path)
    try:
        return asyncio.run(journal.get([key.encode() for key in keys]))
    finally:
        journal.close()


@pytest.mark.parametrize("pause", [0.0, 0.013, 0.05, 0.11])
def test_what_was_durable_outlives_a_kill(tmp_path, pause):
    path = tmp_path / "journal.sqlite"
    process = writer(path, "a", 10**6)
    first = process.stdout.readline()
    time.sleep(pause)
    process.kill()
    said = (first + process.communicate()[0]).split("\n")[:-1]
    found = stored(path, said)
    assert {k.decode(): c.text for k, c in found.items()} == {k: f"text {k}" for k in said}


def test_two_processes_share_a_file(tmp_path):
    path = tmp_path / "journal.sqlite"
    both = [writer(path, name, 60) for name in "ab"]
    said = [key for p in both for key in p.communicate(timeout=60)[0].split()]
    assert [p.returncode for p in both] == [0, 0]
    assert len(stored(path, said)) == 120


def test_a_damaged_file_is_one_clear_message(tmp_path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(TtcError, match=r"journal\.sqlite can't be used"):
        Journal(path)


logprob = st.floats(max_value=0, allow_nan=False, allow_infinity=False)
text = st.text(st.characters())
completions = st.builds(
    Completion,
    text=text,
    finish_reason=st.sampled_from(["stop", "length"]),
    prompt_tokens=st.integers(0, 10**6),
    completion_tokens=st.integers(0, 10**6),
    mean_logprob=st.none() | logprob,
    logprobs=st.lists(
        st.builds(
            TokenLogprob,
            token=text,
            logprob=logprob,
            top=st.dictionaries(text, logprob, max_size=3),
        ),
        max_size=3,
    ).map(tuple),
    stopped_by=st.none() | text,
    cached_tokens=st.integers(0, 10**6),
)


@given(st.lists(completions, min_size=1, max_size=4))
@settings(deadline=None, max_examples=30)
def test_any_completion_comes_back_as_it_was(given_completions):
    async def trip(path):
        journal = Journal(path)
        entries = [(bytes([i]), c) for i, c in enumerate(given_completions)]
        await journal.put(entries)
        found = await journal.get([key for key, _ in entries])
        await asyncio.to_thread(journal.close)
        assert found == dict(entries)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(trip(Path(folder) / "journal.sqlite"))


def test_a_key_that_is_there_stays(tmp_path):
    async def twice():
        journal = Journal(tmp_path / "journal.sqlite")
        for words in ("first", "second"):
            await journal.put([(b"k", Completion(words, "stop", 1, 1))])
        found = await journal.get([b"k", b"other"])
        journal.close()
        return found

    assert {k: c.text for k, c in asyncio.run(twice()).items()} == {b"k": "first"}


def test_who_comes_second_is_told_what_is_stored(tmp_path):
    """Within a batch, beside new keys and over more of them than a query takes."""

    async def run():
        journal = Journal(tmp_path / "journal.sqlite")
        keys = [b"%d" % i for i in range(1200)]
        first = {key: Completion(f"first {key}", "stop", 1, 1) for key in keys[::2]}
        second = {key: Completion(f"second {key}", "stop", 1, 1) for key in keys}
        told = [await journal.put([*first.items()]), await journal.put([*second.items()])]
        third = Completion("third", "stop", 1, 1)
        told += await asyncio.gather(*(journal.put([(key, third)]) for key in [*keys[:3], b"new"]))
        kept = await journal.get(keys)
        journal.close()
        return first, second, told, kept

    first, second, (none, there, *rest), kept = asyncio.run(run())
    assert none == {}
    assert there == first
    assert kept == {**second, **first}
    assert rest == [{b"0": kept[b"0"]}, {b"1": kept[b"1"]}, {b"2": kept[b"2"]}, {}]


DAMAGE = {
    "no zlib": b"\x00\x01",
    "nothing": b"",
    "cut": pack(Completion("x", "stop", 1, 1))[:-3],
    "no object": zlib.compress(b"[1]"),
    "no text": zlib.compress(b'{"logprobs": []}'),
    "no UTF-8": zlib.compress(b"\xff"),
    "words": "a careless hand",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_row_counts_as_absent_and_gives_way(tmp_path, caplog, damage):
    path = tmp_path / "journal.sqlite"
    made = {key: Completion(f"text {key}", "stop", 1, 1) for key in (b"a", b"b", b"c")}
    new = Completion("new", "stop", 1, 1)

    async def run():
        journal = Journal(path)
        await journal.put([*made.items()])
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE completions SET payload = ? WHERE key = ?", (damage, b"b"))
        found = await journal.get(list(made)), await journal.get(list(made))
        told = await journal.put([(b"a", new), (b"b", new)])
        journal.close()
        return *found, told

    before, again, told = asyncio.run(run())
    assert before == again == {key: made[key] for key in (b"a", b"c")}
    assert told == {b"a": made[b"a"]}
    assert stored(path, "abc") == {**made, b"b": new}
    (said,) = caplog.records
    assert said.getMessage().startswith(f"{path} is damaged")


def test_what_a_later_version_adds_is_no_damage():
    content = {"text": "x", "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 2}
    later = json.dumps({**content, "logprobs": [], "mood": "good"}).encode()
    assert unpack(zlib.compress(later)) == Completion("x", "stop", 1, 2)
    assert unpack(zlib.compress(later)).stopped_by is None  # an old row does not say


@pytest.mark.parametrize(
    "wrong", [{"stopped_by": 3}, {"cached_tokens": -1}, {"alternatives": "5"}, {"kept": -1}]
)
def test_values_of_other_kinds_are_damage(wrong):
    content = {"text": "x", "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 2}
    packed = zlib.compress(json.dumps({**content, "logprobs": [], **wrong}).encode())
    with pytest.raises(Damaged):
        unpack(packed)


def test_callers_that_go_away_do_not_stop_the_journal(tmp_path):
    async def run():
        journal = Journal(tmp_path / "journal.sqlite")
        entry = Completion("x", "stop", 1, 1)
        for i in range(200):
            task = asyncio.create_task(journal.put([(b"%d" % i, entry)]))
            await asyncio.sleep(i % 5 * 0.0003)
            task.cancel()
        await asyncio.wait_for(journal.put([(b"last", entry)]), 20)
        found = await journal.get([b"last"])
        journal.close()
        return found

    assert len(asyncio.run(run())) == 1


@pytest.mark.slow
def test_closing_waits_for_look_ups_whose_callers_are_gone(tmp_path):
    """SQLite ends the process where a connection is closed that is in use."""

    async def play(round_):
        journal = Journal(tmp_path / f"{round_}.sqlite")
        keys = [i.to_bytes(16, "big") for i in range(3000)]
        await journal.put([(key, Completion("x" * 200, "stop", 1, 1)) for key in keys])
        looks = [asyncio.create_task(journal.get(keys)) for _ in range(6)]
        await asyncio.sleep(0.002)
        for look in looks:
            look.cancel()
        journal.close()
        await asyncio.gather(*looks, return_exceptions=True)

    for round_ in range(5):
        asyncio.run(play(round_))


def test_a_payload_that_would_fill_the_memory_is_damaged(monkeypatch):
    """A megabyte of it can be a gigabyte of JSON."""
    monkeypatch.setattr("ttc.engine.codec._MOST_BYTES", 1000)
    whole = pack(Completion("x" * 500, "stop", 1, 2))
    assert unpack(whole).text == "x" * 500
    for payload in (pack(Completion("x" * 2000, "stop", 1, 2)), whole[:-1]):
        with pytest.raises(Damaged):
            unpack(payload)
