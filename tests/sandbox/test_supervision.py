"""Whatever happens to those around it, a program ends with its execution, and ttc goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from containment import alive, gone, running

from ttc.core import Limits, Program
from ttc.sandbox import SandboxError, execute

STAYS = Program(
    "import os, time\nfor _ in range(3):\n    os.fork()\nprint('on')\ntime.sleep(300)",
    limits=Limits(wall_s=300.0),
)


async def begun(least: int = 9) -> set[int]:
    """The processes of an execution of `STAYS`, once all of them are there."""
    for _ in range(1000):
        pids = set(running())
        if len(pids) >= least:
            return pids
        await asyncio.sleep(0.02)
    raise AssertionError("it does not start")


def test_a_cancelled_execution_is_killed_first(level):
    async def cancelled() -> set[int]:
        task = asyncio.create_task(execute(STAYS, level))
        pids = await begun()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return pids

    assert gone(asyncio.run(cancelled()))


def test_a_killed_ttc_takes_the_program_along(level):
    source = (
        "import asyncio\nfrom ttc.core import Limits, Program\nfrom ttc.sandbox import execute\n"
        f"asyncio.run(execute(Program({STAYS.source!r}, limits=Limits(wall_s=300.0)), {level!r}))"
    )
    parent = subprocess.Popen([sys.executable, "-c", source])
    pids = asyncio.run(begun(10))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(pids)


def test_a_killed_supervisor_is_told(level, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # it can't remove its folder any more

    async def killed() -> set[int]:
        task = asyncio.create_task(execute(STAYS, level))
        pids = await begun()
        supervisor = next(pid for pid, parent in running().items() if parent == os.getpid())
        os.kill(supervisor, signal.SIGKILL)
        with pytest.raises(SandboxError, match="supervisor failed"):
            await task
        return pids

    pids = asyncio.run(killed())
    if level == "bubblewrap":
        assert gone(pids), "the namespace dies with it"
        return
    for pid in pids:  # only the first process is bound to it there; see docs/reference/sandbox.md
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    assert gone(pids)


def test_the_loop_goes_on_meanwhile(level):
    async def ticking() -> float:
        longest, task = (
            0.0,
            asyncio.create_task(execute(Program("import time; time.sleep(1)"), level)),
        )
        while not task.done():
            start = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - start)
        return longest

    # One that is blocked is so each time; a machine that is busy is not.
    assert any(asyncio.run(ticking()) < 0.9 for _ in range(5))


def test_many_at_once_and_from_threads(level):
    def some() -> None:
        async def all_of_them() -> list[str]:
            programs = [Program(f"print({n})") for n in range(6)]
            return [
                one.stdout for one in await asyncio.gather(*(execute(p, level) for p in programs))
            ]

        said.append(asyncio.run(all_of_them()))

    said: list[list[str]] = []
    threads = [threading.Thread(target=some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == [[f"{n}\n" for n in range(6)]] * 2
