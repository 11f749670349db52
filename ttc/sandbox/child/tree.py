"""The processes under this one, as /proc shows them: what they use, and their end.

A process that outlives its parent falls to the nearest subreaper, which the supervisor is (or to
the first process of its namespace, which is the supervisor's descendant), so none gets away by
`setsid` or a double fork.
"""

import contextlib
import os
import signal
import time
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """cpu_s: its own seconds and those of its children that were waited for."""

    pid: int
    parent: int
    state: str
    cpu_s: float
    threads: int


def _process(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return None
    # The name, in parentheses, is the program's own choice and may hold anything.
    after = stat[stat.rindex(b")") + 2 :].split()
    cpu = sum(int(after[n]) for n in (11, 12, 13, 14)) / _TICK
    return Process(pid, int(after[1]), after[0].decode(), cpu, int(after[17]))


def descendants(root: int) -> list[Process]:
    """All living processes under `root`, parents before their children, zombies left out."""
    # Not by /proc/PID/task/TID/children: kernels without CONFIG_PROC_CHILDREN have none.
    by_parent: dict[int, list[Process]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal() and (one := _process(int(name))):
            by_parent.setdefault(one.parent, []).append(one)
    found: list[Process] = []
    ahead = [root]
    while ahead:
        children = by_parent.get(ahead.pop(), [])
        found += [one for one in children if one.state not in "ZX"]
        ahead += [one.pid for one in children]
    return found


def memory(processes: list[Process], limit: int) -> int:
    """Bytes of memory that are theirs alone or shared among them: resident or swapped, no files.

    Pages that several share count once, but finding that out is slow, so it is asked only when the
    plain sum is beyond `limit`.
    """
    total = sum(_status_bytes(one.pid) for one in processes)
    return total if total <= limit else sum(_proportional_bytes(one.pid) for one in processes)


def _status_bytes(pid: int) -> int:
    return _kib(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:", b"VmSwap:")) or 0


def _proportional_bytes(pid: int) -> int:
    shares = _kib(f"/proc/{pid}/smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:"))
    return _status_bytes(pid) if shares is None else shares


def _kib(path: str, names: tuple[bytes, ...]) -> int | None:
    try:
        with open(path, "rb") as file:
            rows = file.read().splitlines()
    except OSError:
        return None
    return sum(1024 * int(row.split()[1]) for row in rows if row.startswith(names))


def processes_of_user(user: int) -> int:
    """Processes and threads of one user id, as the kernel counts them for its limit."""
    count = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == user:
                count += len(os.listdir(f"/proc/{name}/task"))
    return count


def end_all(root: int, limit_s: float = 20.0) -> bool:
    """Kill whatever is under `root`, and wait for it. False: something was left after `limit_s`.

    All are stopped first: killing one by one would race with those that fork meanwhile, while
    stopped ones go on to count against the limit of processes until nobody can fork any more.
    """
    deadline = time.monotonic() + limit_s
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        running = [p.pid for p in descendants(root) if p.state != "T" or p.pid not in stopped]
        if not running or stopped.issuperset(running):  # told to; some can't stop while they wait
            break
        _send(running, signal.SIGSTOP)
        stopped.update(running)
    while time.monotonic() < deadline:
        left = [p.pid for p in descendants(root)]
        _send(left, signal.SIGKILL)
        if not left:
            return True
        time.sleep(0.002)
    return False


def _send(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def reap(spared: int = 0) -> None:
    """Take leave of ended children that were adopted: they count against limits until then.

    spared: the one child that somebody else waits for.
    """
    peek = os.WEXITED | os.WNOHANG | os.WNOWAIT
    with contextlib.suppress(ChildProcessError):
        while (one := os.waitid(os.P_ALL, 0, peek)) and one.si_pid != spared:
            os.waitpid(one.si_pid, 0)
