"""Programs that take all they can get: contained, and told as what they did."""

from __future__ import annotations

import base64
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from ttc.sandbox.child import tree

FORK_BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""


def test_fork_bomb(run):
    done = run(FORK_BOMB, cpu_s=1.0)
    assert done.ended in ("cpu", "time", "processes")


def test_fork_bomb_whose_processes_flee(run):
    source = """
import os, signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        if os.fork() == 0:
            os.setsid()
            os.fork() and os._exit(0)
    except OSError:
        pass
"""
    assert run(source, cpu_s=1.0).ended in ("cpu", "time", "processes")


def test_memory_of_one_process(run):
    done = run("x = []\nwhile True: x.append(bytearray(10**7))")
    assert (done.ended, done.exit_code) == ("exit", 1)
    assert "MemoryError" in done.stderr


def test_memory_of_many_processes(run):
    source = """
import os
for _ in range(2):
    os.fork()
kept = []
while True:
    kept.append(bytearray(b"x") * 4_000_000)
"""
    with peak_memory() as peak:
        assert run(source, wall_s=30.0, cpu_s=30.0).ended == "memory"
    assert max(peak) < 1 << 30


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Samples of the memory of all processes that begin under this one meanwhile, in bytes."""
    samples, over = [0], threading.Event()
    others = {one.pid for one in tree.descendants(os.getpid())}
    here = Path("/proc/self/cmdline").read_bytes()

    def begun(pid: int) -> bool:
        # Until a new process has become another program, its memory is this one's.
        with suppress(OSError):
            return pid not in others and Path(f"/proc/{pid}/cmdline").read_bytes() != here
        return False

    def watch() -> None:
        while not over.wait(0.005):
            processes = [one for one in tree.descendants(os.getpid()) if begun(one.pid)]
            samples.append(tree.memory(processes, 1 << 62))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()


def test_memory_that_is_shared_counts_once(run):
    source = """
import os
x = bytearray(b"x") * 100_000_000
children = []
for _ in range(8):
    if (pid := os.fork()) == 0:
        __import__("time").sleep(0.5)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
print("all shared")
"""
    assert run(source).stdout == "all shared\n"


@pytest.mark.parametrize(
    "source",
    [
        "import os; os.memfd_create('hidden')",
        "import ctypes; libc = ctypes.CDLL(None, use_errno=True); "
        "assert libc.shmget(0, 1 << 20, 0o1600) >= 0",
    ],
    ids=["memfd", "system V"],
)
def test_memory_that_no_process_shows_is_refused(run, source):
    done = run(source)
    assert done.exit_code == 1, done


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output(run, stream):
    source = f"import sys\nwhile True: sys.{stream}.write('x' * 100_000)"
    done = run(source, output_bytes=50_000)
    assert done.ended == "output"
    assert getattr(done, stream) == "x" * 50_000


def test_endless_output_of_a_child_that_stays(run):
    source = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        os.write(1, b"x" * 10_000)
time.sleep(60)
"""
    assert run(source, output_bytes=10_000).ended == "output"


def test_zip_bomb_in_memory(run):
    bomb = zlib.compress(bytes(400 << 20), 1)
    source = "import base64, sys, zlib; zlib.decompress(base64.b64decode(sys.stdin.read()))"
    done = run(source, stdin=base64.b64encode(bomb).decode())
    assert "MemoryError" in done.stderr


def test_zip_bomb_on_disk(run):
    source = """
import zipfile
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as bomb:
    for number in range(40):
        bomb.writestr(str(number), bytes(10**6))
zipfile.ZipFile("bomb.zip").extractall()
print("all out")
"""
    done = run(source)
    assert done.ended == "disk" or "No space left" in done.stderr


def test_one_large_file(run):
    source = "f = open('large', 'wb')\nwhile True: f.write(bytes(10**6))"
    done = run(source)
    assert done.ended == "disk" or "OSError" in done.stderr


def test_a_file_that_claims_to_be_large(run):
    assert "File too large" in run("open('large', 'wb').truncate(10**13)").stderr


def test_files_without_a_name(run):
    source = """
import tempfile, time
kept = []
try:
    while True:
        kept.append(tempfile.TemporaryFile())
        kept[-1].write(bytes(10**6))
        kept[-1].flush()
except OSError as error:
    print(error)
time.sleep(60)
"""
    done = run(source, wall_s=10.0)
    assert done.ended == "disk" or "No space left" in done.stdout


def test_many_empty_files(run):
    source = "n = 0\nwhile True: open(str(n), 'w').close(); n += 1"
    done = run(source, cpu_s=30.0, wall_s=30.0, disk_files=1000)
    assert done.ended == "disk"


def test_a_tower_of_folders(run):
    """Deeper than a path can be long, and full up there."""
    source = """
import os
for _ in range(1000):
    os.mkdir("x" * 100)
    os.chdir("x" * 100)
for number in range(100):
    with open(str(number), "wb") as file:
        file.write(bytes(10**6))
print("all hidden")
"""
    done = run(source)
    assert done.ended == "disk" or "No space left" in done.stderr


def test_folders_that_are_closed(run):
    source = """
import os
os.mkdir("closed", 0o300)
open("closed/inside", "w").close()
os.mkdir("shut", 0)
import time; time.sleep(0.3)
"""
    assert run(source).ended in ("exit", "disk")


def test_ten_thousand_threads(run):
    source = """
import threading, time
started = 0
try:
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        started += 1
except RuntimeError:
    print(started)
"""
    done = run(source, processes=16, memory_bytes=1 << 30)
    assert done.exit_code == 0
    assert 0 < int(done.stdout) < 16


def test_many_open_files(run):
    source = "kept = []\nwhile True: kept.append(open('/dev/null'))"
    assert "Too many open files" in run(source, open_files=32).stderr


@pytest.mark.parametrize(
    ("source", "ended"),
    [
        ("while True: pass", "cpu"),
        ("import time; time.sleep(60)", "time"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "time"),
        ("import os\nfor _ in range(3): os.fork()\nwhile True: pass", "cpu"),
        ("9 ** 9 ** 9", "cpu"),
    ],
    ids=["loop", "sleep", "stopped", "loops", "one long call"],
)
def test_time(run, source, ended):
    done = run(source, wall_s=1.5, cpu_s=1.0) if ended == "time" else run(source, cpu_s=0.5)
    assert done.ended == ended
    assert done.seconds < 10
