"""Processes that can be killed, for work on hostile text.

Why not a ready-made pool: `concurrent.futures` and joblib's loky can't kill one stuck worker (only
abandon or restart the whole pool), `multiprocessing` imports the user's main script in the child
or forks a threaded parent, and none bounds memory. So: a plain script (`mathworker.py`), spoken to
in JSON lines, which makes the traffic data and never pickles; killed and replaced when it is late.

Workers start on first use, are reused, and serve any thread; a thread takes one for the time of a
request. They get no secrets: the environment is cut down to what Python needs to start.
"""

import atexit
import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ttc.errors import TtcError

SCRIPT = Path(__file__).with_name("mathworker.py")
START_LIMIT_S = 120.0  # importing sympy on a busy machine
GRACE_S = 0.5  # the worker's own alarm comes first
FRESH_S = 240.0  # idle for longer: replaced, since a worker ends itself after 300 s
_ENVIRONMENT = (
    "PATH", "HOME", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMPDIR", "LANG",
)  # fmt: skip


class MathWorkerError(TtcError):
    """The math worker can't be started (not: a hostile answer, which is just not equivalent)."""


class WorkerLost(Exception):
    """The worker was late, or died, on this request."""


class Worker:
    """One child process; one request at a time."""

    def __init__(self) -> None:
        environment = {k: os.environ[k] for k in _ENVIRONMENT if k in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | {"PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"},
            start_new_session=True,  # Ctrl-C in the terminal is the parent's to handle
        )
        self._ids = itertools.count()
        self._used = time.monotonic()
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="ttc-mathworker", daemon=True).start()
        self._await_ready()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and time.monotonic() - self._used < FRESH_S

    def ask(self, request: dict[str, Any], limit_s: float) -> Any:
        """The reply's value; on any trouble, including Ctrl-C, the process is killed."""
        number = next(self._ids)
        line = json.dumps(request | {"id": number, "limit": limit_s})
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
            reply = self._next(limit_s + GRACE_S)
            if reply.get("id") != number:
                raise WorkerLost("out of step")
            self._used = time.monotonic()
            return reply["value"]
        except (OSError, ValueError, KeyError) as error:
            self.kill()
            raise WorkerLost(str(error)) from error
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _await_ready(self) -> None:
        try:
            hello = self._next(START_LIMIT_S)
            if "ready" not in hello:
                raise MathWorkerError(
                    f"latex2sympy2-extended can't be imported: {hello.get('error')}"
                )
        except WorkerLost as error:
            self.kill()
            raise MathWorkerError(f"the math worker does not start: {sys.executable}") from error
        except BaseException:
            self.kill()
            raise

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                self._lines.put(line)
        self._lines.put(b"")

    def _next(self, limit_s: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=limit_s)
        except queue.Empty:
            raise WorkerLost("late") from None
        if not line:
            raise WorkerLost("died")
        reply = json.loads(line)
        if not isinstance(reply, dict):
            raise WorkerLost("out of step")
        return reply


class Workers:
    """At most `size` workers, shared by all threads of this process."""

    def __init__(self, size: int) -> None:
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def ask(self, request: dict[str, Any], limit_s: float) -> Any:
        """The reply's value; raises WorkerLost when the request was late or fatal."""
        with self._slots:
            worker = self._take()
            value = worker.ask(request, limit_s)
            with self._lock:
                self._idle.append(worker)
            return value

    def close(self) -> None:
        """End the idle workers; the next request starts anew."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.kill()

    def pids(self) -> list[int]:
        """Processes of idle workers."""
        with self._lock:
            return [worker.pid for worker in self._idle]

    def _take(self) -> Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.kill()
        return Worker()


def _fresh() -> Workers:
    return Workers(min(os.cpu_count() or 1, 8))


_shared = _fresh()


def shared() -> Workers:
    """The workers of this process."""
    return _shared


def close_workers() -> None:
    """End the math workers of this process; called at exit."""
    _shared.close()


def _forget() -> None:
    global _shared
    _shared = _fresh()  # a forked child must not use, nor kill, its parent's workers


atexit.register(close_workers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
