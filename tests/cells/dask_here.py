"""A real Dask cluster of this machine: a scheduler and workers, each a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


class DaskHere:
    """workers: processes of one thread each, by pid."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen] = []
        self.workers: list[subprocess.Popen] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        deadline = time.monotonic() + 60
        while not self.file.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for _ in range(workers):
            self.add_worker()
        if workers:
            self._await_workers(workers)

    def _await_workers(self, number: int) -> None:
        """Each takes as long to start as its imports do."""
        from distributed import Client

        with Client(scheduler_file=str(self.file), set_as_default=False) as client:
            client.wait_for_workers(number, timeout=120)

    def add_worker(self) -> None:
        more = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        self.workers.append(self._start("worker", *more))

    def _start(self, what: str, *more: str) -> subprocess.Popen:
        log = (self.folder / f"{what}-{len(self._processes)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", what, "--scheduler-file", str(self.file), *more],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env={**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"},
        )
        log.close()
        self._processes.append(process)
        return process

    def kill_worker(self, number: int) -> None:
        """SIGKILL: it says nothing to anybody."""
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()
