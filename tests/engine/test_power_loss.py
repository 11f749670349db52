"""The journal after a power cut: files that end, or go wrong, at any byte beyond the last flush."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.core import Completion
from ttc.engine.journal import Journal

PUTS = 40


def completion(number: int) -> Completion:
    return Completion(f"text {number} " + "so " * (37 * number % 700), "stop", 1, 2)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> tuple[Path, list[int]]:
    """A journal's files as they were before it was closed, and the log's size after each put."""
    folder = tmp_path_factory.mktemp("journal")
    path = folder / "journal.sqlite"
    log = folder / "journal.sqlite-wal"

    async def fill() -> list[int]:
        journal = Journal(path)
        sizes = []
        for i in range(PUTS):
            await journal.put([(b"key %d" % i, completion(i))])
            sizes.append(log.stat().st_size)
        for file in (path, log):
            shutil.copy(file, folder / f"{file.name}.then")
        await asyncio.to_thread(journal.close)
        return sizes

    return folder, asyncio.run(fill())


def after_a_cut(written: Path, folder: Path, log: bytes, main: bytes | None = None) -> Path:
    """A folder with the journal as the cut left it."""
    path = folder / "journal.sqlite"
    if main is None:
        shutil.copy(written / "journal.sqlite.then", path)
    else:
        path.write_bytes(main)
    (folder / "journal.sqlite-wal").write_bytes(log)
    return path


def check(path: Path, durable: int) -> None:
    """What was durable is there, later puts are there whole or not at all, and new ones stay."""
    keys = [b"key %d" % i for i in range(PUTS)]

    async def work():
        journal = Journal(path)
        found = await journal.get(keys)
        await journal.put([(b"new", completion(999))])
        again = await journal.get([*keys, b"new"])
        await asyncio.to_thread(journal.close)
        return found, again

    found, again = asyncio.run(work())
    assert set(found) == set(keys[: len(found)]), "puts are lost from the end only"
    assert len(found) >= durable
    assert all(found[key] == completion(i) for i, key in enumerate(keys[: len(found)]))
    assert again == found | {b"new": completion(999)}
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_log_that_ends_at_any_byte(written, tmp_path_factory, data):
    folder, sizes = written
    log = (folder / "journal.sqlite-wal.then").read_bytes()
    end = data.draw(st.integers(0, len(log)))
    path = after_a_cut(folder, tmp_path_factory.mktemp("cut"), log[:end])
    check(path, sum(size <= end for size in sizes))


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_a_log_with_rubbish_beyond_the_last_flush(written, tmp_path_factory, data):
    folder, sizes = written
    log = bytearray((folder / "journal.sqlite-wal.then").read_bytes())
    durable = data.draw(st.integers(1, PUTS - 1))
    start = sizes[durable - 1]
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(start, len(log) - 1))
        log[at] ^= data.draw(st.integers(1, 255))
    path = after_a_cut(folder, tmp_path_factory.mktemp("cut"), bytes(log))
    check(path, durable)


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_a_cut_while_the_log_is_taken_into_the_file(written, tmp_path_factory, data):
    """The log is emptied only after the file is flushed, so it mends a file that is half new."""
    folder, _ = written
    old = (folder / "journal.sqlite.then").read_bytes()
    new = (folder / "journal.sqlite").read_bytes()
    log = (folder / "journal.sqlite-wal.then").read_bytes()
    at = data.draw(st.integers(0, len(new)))
    half = new[:at] + old[at:]
    check(after_a_cut(folder, tmp_path_factory.mktemp("cut"), log, half), PUTS)
