"""A claim keeps all other runs out, of this process and of others, and dies with its process."""

import asyncio
import errno
import logging
import os
import subprocess
import sys

import pytest

from ttc.engine import claims
from ttc.engine.claims import Claims

A, B = b"a digest of one", b"some other digest"
HOLDER = """
import asyncio, sys
from pathlib import Path
from ttc.engine.claims import Claims

claims = Claims(Path(sys.argv[1]))
left = float(sys.argv[3])
got = asyncio.run(claims.take(sys.argv[2].encode(), lambda: left))
print(got, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def runs(tmp_path):
    """runs() opens the claims of one run more on the same journal."""
    opened = []

    def begin():
        opened.append(Claims(tmp_path / "journal.sqlite"))
        return opened[-1]

    yield begin
    for run in opened:
        run.close()


def takes(run, content, seconds=0.0):
    """Whether a run gets a claim within about so many seconds."""

    async def attempt():
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        return await run.take(content, lambda: end - loop.time())

    return asyncio.run(attempt())


def elsewhere(folder, content, seconds=0.0):
    """Another process that tries to take a claim and keeps it; and whether it got it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / "journal.sqlite"), content, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip() == "True"


def end(process):
    process.kill()
    process.communicate()


def free_elsewhere(folder, content):
    process, got = elsewhere(folder, content.decode())
    end(process)
    return got


def test_one_run_of_a_process_keeps_the_other_out(runs):
    one, two = runs(), runs()
    assert takes(one, A)
    assert not takes(two, A)
    assert takes(two, B)
    one.release(A)
    assert takes(two, A)


def test_requests_of_one_run_share_a_claim_until_the_last_has_ended(runs):
    one, two = runs(), runs()
    assert takes(one, A)
    assert takes(one, A)
    one.release(A)
    assert not takes(two, A)
    one.release(A)
    assert takes(two, A)


def test_other_processes_are_kept_out_until_it_is_released(tmp_path, runs):
    one = runs()
    assert takes(one, A)
    assert not free_elsewhere(tmp_path, A)
    assert free_elsewhere(tmp_path, B)
    one.release(A)
    assert free_elsewhere(tmp_path, A)


def test_the_end_of_one_run_leaves_the_claims_of_another_in_its_process(tmp_path, runs):
    """Although closing any descriptor of a file ends all locks that a process has on it."""
    one, two = runs(), runs()
    assert takes(one, A)
    assert takes(two, B)
    two.close()
    assert not free_elsewhere(tmp_path, A)
    assert free_elsewhere(tmp_path, B)
    assert takes(runs(), B)


def test_a_killed_process_leaves_nothing_behind(tmp_path, runs):
    holder, got = elsewhere(tmp_path, A.decode())
    run = runs()
    assert got
    assert not takes(run, A, 0.2)
    end(holder)
    assert takes(run, A, 20)


def test_who_waits_gets_it_and_says_so_in_the_log_once(tmp_path, runs, monkeypatch, caplog):
    monkeypatch.setattr(claims, "_TOLD_S", 0.05)
    caplog.set_level(logging.INFO, "ttc")
    holder, got = elsewhere(tmp_path, A.decode())
    assert got

    async def both(run):
        asyncio.get_running_loop().call_later(0.6, holder.kill)
        return await asyncio.gather(run.take(A, lambda: None), run.take(A, lambda: None))

    assert asyncio.run(both(runs())) == [True, True]
    end(holder)
    said = [r.getMessage() for r in caplog.records]
    assert len(said) == 1
    assert "waiting for samples that another run draws" in said[0]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EINVAL, errno.EACCES, errno.ENOSYS])
def test_where_locks_are_not_supported_runs_go_on_and_say_so_once(
    tmp_path, runs, monkeypatch, caplog, code
):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.lockf", refuse)
    run = runs()
    assert takes(run, A)
    assert takes(run, B)
    run.release(A)
    assert len(caplog.records) == 1
    assert "may draw, and pay for, the same samples twice" in caplog.text


def test_a_file_that_can_not_be_opened_is_gone_without(tmp_path, runs, caplog):
    (tmp_path / "journal.sqlite-claims").mkdir()
    assert takes(runs(), A)
    assert "Is a directory" in caplog.text


def test_a_system_without_such_locks(runs, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    run = runs()
    assert takes(run, A)
    run.release(A)
    assert "this system has no such locks" in caplog.text
