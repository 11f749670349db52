"""The journal when there is no room for it."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from ttc.core import Completion
from ttc.engine.disk_reserve import Spare
from ttc.engine.journal import Journal
from ttc.errors import TtcError

LONG = Completion(os.urandom(40_000).hex(), "stop", 1, 2)


def keep_small(journal: Journal, pages: int) -> None:
    journal._writer.execute(f"PRAGMA max_page_count = {pages}")


def test_what_comes_back_when_the_disk_is_full_is_kept_and_then_the_run_ends(tmp_path):
    class MakesRoom:
        """As on a real disk, but in the terms of `keep_small`."""

        def release(self):
            keep_small(journal, 1000)
            return True

    async def work():
        nonlocal journal
        journal = Journal(tmp_path / "journal.sqlite")
        journal._spare = MakesRoom()
        keep_small(journal, 3)
        puts = [journal.put([(b"%d" % i, LONG)]) for i in range(4)]
        done = await asyncio.gather(*puts, return_exceptions=True)
        await asyncio.to_thread(journal.close)
        return done

    journal = None
    done = asyncio.run(work())
    assert [type(error) for error in done] == [TtcError] * 4
    said = str(done[0])
    assert "journal.sqlite: the disk is full; make room and run the same command again" in said
    journal = Journal(tmp_path / "journal.sqlite")
    assert len(asyncio.run(journal.get([b"%d" % i for i in range(4)]))) == 4
    journal.close()


def test_without_any_room_it_says_so_and_keeps_what_it_had(tmp_path):
    path = tmp_path / "journal.sqlite"

    async def work():
        journal = Journal(path)
        await journal.put([(b"first", LONG)])
        keep_small(journal, 1)
        with pytest.raises(TtcError, match="the disk is full"):
            await journal.put([(b"second", LONG)])
        with pytest.raises(TtcError, match="the disk is full"):
            await journal.put([(b"third", LONG)])
        keep_small(journal, 1000)  # somebody made room: it is stored, but the run has ended
        with pytest.raises(TtcError, match="the disk is full"):
            await journal.put([(b"fourth", LONG)])
        found = await journal.get([b"first", b"second", b"third", b"fourth"])
        await asyncio.to_thread(journal.close)
        return found

    assert list(asyncio.run(work())) == [b"first", b"fourth"]


def test_space_is_held_back_and_given_back(tmp_path):
    spare = Spare(tmp_path, 1 << 16)
    assert list(tmp_path.iterdir()) == [], "it has no name, so nothing is ever left behind"
    assert spare.release()
    assert not spare.release()
    assert not Spare(tmp_path / "nowhere").release()


WRITER = """
import asyncio, resource, signal, sys
from pathlib import Path
from ttc.core import Completion
from ttc.engine.journal import Journal
from ttc.errors import TtcError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))

async def main():
    journal = Journal(Path(sys.argv[1]))
    try:
        for i in range(1000):
            await journal.put([(b"%d" % i, Completion(f"{i} " * 5000, "stop", 1, 2))])
            print(i, flush=True)
    except TtcError as error:
        print(error, flush=True)
    journal.close()

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="no limit of file sizes")
def test_a_file_that_may_not_grow_any_more(tmp_path):
    path = tmp_path / "journal.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    *said, last = done.stdout.splitlines()
    assert "the disk is full" in last
    assert said
    journal = Journal(path)
    assert len(asyncio.run(journal.get([key.encode() for key in said]))) == len(said)
    journal.close()
