"""The levels of isolation, and what is told to the supervisor for each."""

from __future__ import annotations

import base64
import math
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any, get_args

from ttc.core import Isolation, Limits, Program
from ttc.sandbox import filters
from ttc.sandbox.child import kernel
from ttc.sandbox.errors import NoIsolation

LEVELS: tuple[Isolation, ...] = get_args(Isolation)
FULL: tuple[Isolation, ...] = ("bubblewrap", "landlock")  # the strongest first
"""Those that shut out the network and the machine's files."""

CHILD = Path(__file__).with_name("child")
_BOX = "/box"  # the supervisor puts another folder in its place where the file system is shared
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_SYSTEM = (
    "/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32", "/etc/ld.so.cache",
    "/etc/alternatives", "/usr/share/zoneinfo",
)  # fmt: skip


@cache
def needs() -> tuple[str, ...]:
    """Paths that the interpreter and its packages are read from; none beneath another."""
    found = {sys.executable, getattr(sys, "_base_executable", sys.executable), *_SYSTEM}
    found.add(os.path.join(sys.prefix, "pyvenv.cfg"))
    for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix):
        found |= {os.path.join(prefix, name) for name in ("lib", "lib64")}
    kept: list[str] = []
    for path in sorted(found):
        if os.path.exists(path) and not any(path.startswith(f"{one}/") for one in kept):
            kept.append(path)
    return tuple(kept)


def request(program: Program, isolation: Isolation) -> dict[str, Any]:
    """What the supervisor gets. Raises `NoIsolation` where the level lacks something here."""
    if isolation not in LEVELS:
        raise NoIsolation(f"no isolation {isolation!r}; there are {', '.join(LEVELS)}")
    if sys.platform != "linux":
        raise NoIsolation("programs of models run on Linux only, also within a container or VM")
    boxed = isolation == "bubblewrap"
    own_bytes = sum(len(text) for text in (program.source, program.stdin, *program.files.values()))
    own_bytes = 4 * own_bytes + 8192 * (len(program.files) + 8)
    own_files = 8 + sum(name.count("/") + 1 for name in program.files)
    code = None if isolation == "process" else filters.instructions(own_files=boxed)
    place = "/launch" if boxed else str(CHILD)
    return {
        "limits": {name: getattr(program.limits, name) for name in Limits.__slots__},
        "wrapper": _bubblewrap(program.limits.disk_bytes + own_bytes) if boxed else [],
        "launcher": [sys.executable, "-E", "-s", "-S", "-B", f"{place}/launch.py"],
        "folder": not boxed,
        "needs": needs(),
        "helpers": 4 if boxed else 1,
        "own_bytes": own_bytes,
        "own_files": own_files,
        "launch": {
            "source": program.source,
            "stdin": program.stdin,
            "files": dict(program.files),
            "argv": [sys.executable, "-P", "-s", "-B", "-u"],
            "environment": environment(),
            "limits": _kernel_limits(program.limits, 1 if boxed and os.getuid() else 0),
            "read_all": False,
            "landlock": _landlock() if isolation == "landlock" else None,
            "filter": None if code is None else base64.b64encode(code).decode(),
        },
    }


def environment() -> dict[str, str]:
    """All that a program sees of an environment. Its files can be imported."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return threads | {
        "PATH": os.path.dirname(sys.executable),
        "HOME": f"{_BOX}/work",
        "TMPDIR": f"{_BOX}/tmp",
        "PYTHONPATH": f"{_BOX}/work",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",  # each arena takes 64 MiB of address space, a thread or so
    }


def _kernel_limits(limits: Limits, helpers: int) -> dict[str, int]:
    return {
        "AS": limits.memory_bytes,
        "CPU": math.ceil(limits.cpu_s) + 1,  # of one process; of all, the supervisor counts
        "FSIZE": limits.disk_bytes,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes + helpers,
        "CORE": 0,
        "MSGQUEUE": 0,
        "MEMLOCK": 0,
    }


def _landlock() -> dict[str, list[str]]:
    if (abi := kernel.landlock_abi()) < kernel.LANDLOCK_ABI:
        has = f"has version {abi}" if abi else "has none, or it is off"
        raise NoIsolation(
            f"Landlock of version {kernel.LANDLOCK_ABI} is needed (Linux 6.12); this kernel {has}"
        )
    devices = [path for path in _DEVICES if os.path.exists(path)]
    return {"read": [*needs(), *devices], "write": ["/dev/null"]}


def _bubblewrap(size: int) -> list[str]:
    """The command before the command. size: bytes of the only file system that can be written."""
    found = shutil.which("bwrap")
    if found is None:
        raise NoIsolation("bubblewrap is not installed; install the package bubblewrap (bwrap)")
    words = [found, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]
    words += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try"]
    if os.getuid() == 0:  # the launcher becomes a user of its own, and has these for that alone
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user", "--disable-userns"]
    # Folders on the way to a file it would close to other users than the one who starts it.
    for folder in sorted({str(one) for path in needs() for one in Path(path).parents} - {"/"}):
        words += ["--perms", "0755", "--dir", folder]
    for path in needs():
        words += ["--ro-bind", path, path]
    words += ["--ro-bind", str(CHILD), "/launch", "--proc", "/proc", "--dir", "/dev"]
    for path in _DEVICES:
        words += ["--dev-bind-try", path, path]
    words += ["--perms", "0777", "--size", str(size), "--tmpfs", _BOX]
    for name in ("work", "tmp"):
        words += ["--perms", "0777", "--dir", f"{_BOX}/{name}"]
    # One file system, and so one limit, for all that a program may write. Where Python itself lies
    # in such a folder, that is there already, to be read; a program still has its TMPDIR.
    for folder in ("/tmp", "/dev/shm"):
        if not any(Path(folder) in Path(path).parents for path in needs()):
            words += ["--symlink", f"{_BOX}/tmp", folder]
    return [*words, "--remount-ro", "/", "--chdir", "/", "--"]
