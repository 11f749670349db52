"""The same for a user who is not root, as most are: other kernel paths contain the program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from containment import gone

import ttc

USER = 65533
SOURCE = '''
import asyncio, json, sys
from ttc.core import Limits, Program
from ttc.sandbox import execute
from ttc.sandbox.selftest import tried

BOMB = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
THREADS = """
import threading, time
n = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        n += 1
except RuntimeError:
    print(n)
"""
HIDES = """
import os, time
os.mkdir("closed", 0o300)
for n in range(100):
    with open(f"closed/{n}", "wb") as file:
        file.write(bytes(10**6))
print("all hidden")
"""
SIGNALS = """
import os, resource, sys
parent = int(input())
for attempt in (
    lambda: os.kill(parent, 9),
    lambda: resource.prlimit(parent, resource.RLIMIT_CPU, (0, 0)),
    lambda: os.setpriority(os.PRIO_PROCESS, parent, 19),
    lambda: os.chmod(sys.executable, 0o700),
):
    try:
        attempt()
        print("THROUGH")
    except OSError:
        pass
"""
LEAVES = "import os, time\\nif os.fork() == 0:\\n    os.setsid()\\n    time.sleep(300)"

async def main(level):
    import os
    small = Limits(wall_s=20.0, cpu_s=1.0, processes=16, disk_bytes=8 << 20)
    said = {"through": (await tried(level)).through}
    for name in ("BOMB", "THREADS", "HIDES", "SIGNALS", "LEAVES"):
        program = Program(globals()[name], stdin=str(os.getpid()), limits=small)
        done = await execute(program, level)
        said[name] = [done.ended, done.stdout, done.stderr]
    print(json.dumps(said))

asyncio.run(main(sys.argv[1]))
'''


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter that any user may read."""
    if os.getuid():
        pytest.skip("the whole suite runs as an ordinary user")
    for found in (sys.executable, shutil.which("python3", path=os.defpath)):
        if found and as_user([found, "-c", "import sys; assert sys.version_info >= (3, 11)"]):
            return found
    pytest.skip("no Python 3.11 that users other than root may read")


def as_user(command: list[str]) -> bool:
    try:
        done = subprocess.run(command, user=USER, group=USER, extra_groups=[], env={}, cwd="/")
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def copy(python: str):
    """What the sandbox needs of ttc, where any user may read it."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(ttc.__file__).parent
        os.chmod(folder, 0o755)
        for name in ("core", "sandbox"):
            shutil.copytree(package / name, Path(folder) / "ttc" / name)
        for name in ("__init__.py", "errors.py"):
            shutil.copy(package / name, Path(folder) / "ttc")
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        yield folder


@pytest.fixture
def seen(level, python, copy):
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, USER, USER)
        done = subprocess.run(
            [python, "-B", "-c", SOURCE, level],
            user=USER,
            group=USER,
            extra_groups=[],
            cwd="/",
            text=True,
            env={"PYTHONPATH": copy, "TMPDIR": folder, "PATH": os.environ["PATH"]},
            capture_output=True,
        )
        assert not os.listdir(folder)
    if "NoIsolation" in done.stderr or "can't be set up here" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    yield json.loads(done.stdout)
    mine = {int(n) for n in os.listdir("/proc") if n.isdecimal() and owner(n) == USER}
    assert gone(mine, 0.5), "processes are left"


def owner(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}").st_uid
    except OSError:
        return -1


def test_an_ordinary_user_is_as_safe(seen, level):
    assert seen["through"] == []
    assert seen["BOMB"][0] in ("cpu", "time", "processes")
    assert seen["THREADS"][0] in ("exit", "processes")
    if level == "bubblewrap":  # elsewhere what else the user starts counts too
        assert seen["THREADS"][:2] == ["exit", "15\n"]
    assert seen["HIDES"][0] == "disk" or "No space left" in seen["HIDES"][2]
    assert seen["SIGNALS"][:2] == ["exit", ""]
    assert seen["LEAVES"][0] == "exit"
