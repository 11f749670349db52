"""Workers of a Dask cluster: each does cells in processes of its own.

A worker that dies is Dask's to notice, which gives its cell to another; that one finds the run's
journal and goes on. Only a cell's words travel: recipe, samples and tables stay on the disk that
all workers see.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from ttc.cells.cell import Cell, Done
from ttc.cells.elsewhere import STOPPED, do_in
from ttc.cells.engines.dask_clusters import Opened, opening
from ttc.cells.engines.dask_patience import Patience
from ttc.errors import TtcError

_KILLED = 137
_LOOK_S, _LONELY_S = 0.02, 5.0


def open_engine(address: str, jobs: int) -> Dask:
    """Raises `MissingExtra` without Dask and `UsageError` for an address that is none."""
    return Dask(opening(address, jobs), jobs, address)


class Dask:
    """jobs: cells at a time, at most; 0 for as many as the workers have threads."""

    def __init__(self, opened: Opened, jobs: int, address: str) -> None:
        self._opened = opened
        self._jobs = jobs
        self._address = address

    @property
    def jobs(self) -> int:
        return self._jobs

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        """As `Engine.run` says."""
        with self._opened() as client:
            yield from _Round(client, self._jobs, Patience(self._address)).run(cells)


class _Round:
    """Cells that are handed out together, and can be stopped together."""

    def __init__(self, client: Any, jobs: int, patience: Patience) -> None:
        from distributed import Event

        self._client, self._jobs, self._patience = client, jobs, patience
        self._name = f"ttc-{secrets.token_hex(8)}"
        self._stop = Event(self._name, client=client)
        self._cells: dict[str, Cell] = {}
        self._futures: dict[str, Any] = {}

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        from distributed import as_completed

        waiting = list(reversed(cells))
        first = [self._submit(waiting.pop()) for _ in range(min(len(cells), self._jobs or 1 << 30))]
        done = as_completed(first)
        try:
            while self._futures:
                self._await_one(done)
                future = next(done)
                if waiting:
                    done.add(self._submit(waiting.pop()))
                yield self._ended(future)
        finally:
            self._end()

    def _await_one(self, done: Any) -> None:
        """Until a cell has ended. Raises `TtcError` where no worker is there to end one."""
        looked = time.monotonic()
        while not done.has_ready():
            if self._client.status == "running" and time.monotonic() - looked >= _LONELY_S:
                self._patience.look(self._client)
                looked = time.monotonic()
            time.sleep(_LOOK_S)

    def _submit(self, cell: Cell) -> Any:
        key = f"{self._name}-{len(self._cells)}"
        self._cells[key] = cell
        # pure: the same cell again is done again, and finds itself done.
        future = self._client.submit(
            _do, cell, os.getcwd(), self._name, key=key, pure=False, retries=0
        )
        self._futures[key] = future
        return future

    def _ended(self, future: Any) -> Done:
        from distributed import KilledWorker

        cell = self._cells[future.key]
        del self._futures[future.key]
        if future.status == "cancelled":
            if self._client.status != "running":
                raise TtcError(
                    "Dask's scheduler is gone; the same command goes on with what is left"
                )
            return Done(cell, STOPPED, "cancelled in Dask")
        if future.status == "finished":
            done: Done = future.result()
            return done
        error = future.exception()
        if isinstance(error, KilledWorker):
            return Done(cell, _KILLED, f"its worker died, again and again: {error}")
        return Done(cell, 1, f"a worker could not do it: {type(error).__name__}: {error}")

    def _end(self) -> None:
        """Stop what is under way, and wait for it; nothing where all cells ended."""
        if not self._futures or self._client.status != "running":
            return
        from distributed import wait

        with suppress(OSError):
            self._stop.set()
            begun = {key for keys in self._client.processing().values() for key in keys}
            self._client.cancel([f for key, f in self._futures.items() if key not in begun])
            wait([f for key, f in self._futures.items() if key in begun])


def _do(cell: Cell, folder: str, stop: str) -> Done:
    """A cell, on a worker. stop: the name of the event that stops all of a round."""
    from distributed import Event

    event = Event(stop)

    def stopped() -> bool:
        with suppress(OSError):  # a scheduler out of reach says nothing
            return bool(event.is_set())
        return False

    return do_in(cell, folder, stopped)
