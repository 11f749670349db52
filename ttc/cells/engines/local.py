"""Processes of this machine, some at a time.

A thread waits for each process: they share nothing that a pool of processes could share, and a
thread can stop the one it waits for. (joblib's generators warn when they are closed early, which
here is what Ctrl-C does.)
"""

from __future__ import annotations

import logging
import math
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from ttc.cells.cell import Cell, Done, ended
from ttc.cells.elsewhere import STOPPED, begin
from ttc.errors import Busy, UsageError

_AGAIN_S = 1.0  # until a run that another process is at is looked at again
_LOOK_S = 0.05
_APART_S = 0.3  # two signals at once may be one to who gets them
_log = logging.getLogger(__name__)


def open_engine(address: str, jobs: int) -> Local:
    """Raises `UsageError` for an address."""
    if address:
        raise UsageError(f"--engine local://{address}: local has no address")
    return Local(jobs)


class Local:
    """jobs: processes at a time."""

    def __init__(self, jobs: int) -> None:
        self._jobs = max(1, jobs)

    @property
    def jobs(self) -> int:
        return self._jobs

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        """As `Engine.run` says."""
        children = _Children()
        pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="cell")
        try:
            for future in as_completed([pool.submit(children.do, cell) for cell in cells]):
                yield future.result()
        finally:
            with _counted() as came:
                children.stop(came)
                pool.shutdown(cancel_futures=True)


class _Children:
    """The processes under way, so that they can be stopped from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopping = threading.Event()

    def do(self, cell: Cell) -> Done:
        """Do one cell in a process. Raises nothing.

        A run that another process is at is waited for: what a sweep that was killed left behind is
        stopping, and what others do needs not be done again.
        """
        told = False
        while True:
            try:
                child = self._start(cell)
            except OSError as error:
                return Done(cell, 127, str(error))
            if child is None:
                return Done(cell, STOPPED, "stopped before it began")
            done = self._wait(cell, child)
            if done.code != Busy.exit_code:
                return done
            if not told:
                _log.warning("waiting: %s", done.words)
                told = True
            if self._stopping.wait(_AGAIN_S):
                return done

    def _wait(self, cell: Cell, child: subprocess.Popen[str]) -> Done:
        try:
            stdout, stderr = child.communicate()
        finally:
            with self._lock:
                self._running.discard(child)
        return ended(cell, child.returncode, stdout, stderr)

    def _start(self, cell: Cell) -> subprocess.Popen[str] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            child = begin(cell)
            self._running.add(child)
            return child

    def stop(self, came: Sequence[int]) -> None:
        """Ask all to stop as Ctrl-C would, and wait. came: grows by each Ctrl-C meanwhile; one asks
        them to stop at once, and another kills them.
        """
        with self._lock:
            self._stopping.set()
            running = list(self._running)
        if running:
            _log.warning("stopping %d cells; Ctrl-C again to stop at once", len(running))
        told, last = 0, -math.inf
        while any(child.poll() is None for child in running):
            if told <= min(len(came), 2) and time.monotonic() - last >= _APART_S:
                for child in running:
                    child.send_signal((signal.SIGINT, signal.SIGINT, signal.SIGKILL)[told])
                told, last = told + 1, time.monotonic()
            time.sleep(_LOOK_S)


@contextmanager
def _counted() -> Iterator[list[int]]:
    """What signals to stop come in the block, which they don't interrupt: one that did at the wrong
    moment would leave processes that nobody asks to stop.
    """
    came: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield came
    finally:
        for number, handler in before.items():
            if handler is not None:  # or it was not set from Python
                signal.signal(number, handler)
