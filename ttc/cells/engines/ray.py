"""A Ray cluster: cells as Ray's tasks, which it does again where a node or a worker died."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ttc.cells.cell import Cell, Done
from ttc.cells.elsewhere import do_in
from ttc.errors import MissingExtra, TtcError, UsageError

_RETRIES = 3
_ADDRESS = re.compile(r"auto|[^\s/:]+:\d{1,5}")
_LOOK_S = 1.0


def open_engine(address: str, jobs: int) -> Ray:
    """address: `host:port` of a cluster's head, `auto` for the one of this machine; empty starts
    one here. Raises `MissingExtra` and `UsageError`.
    """
    require_ray()
    if address and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--engine ray://{address}: expected host:port of the head, auto or nothing"
        )
    return Ray(address, jobs)


def require_ray() -> None:
    """Raise `MissingExtra` without the library."""
    try:
        import ray  # noqa: F401
    except ImportError:
        raise MissingExtra("--engine ray", "ray") from None


@contextmanager
def connected(address: str, jobs: int) -> Iterator[None]:
    """Within it, Ray is there. jobs: processors of a cluster that is started here, 0 for all."""
    import ray

    own = {} if address else {"num_cpus": jobs or None, "include_dashboard": False}
    try:
        ray.init(
            address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **own
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise TtcError(
            f"no Ray cluster answers at {address or 'this machine'}; ray start --head starts one "
            f"({error})"
        ) from None
    try:
        yield
    finally:
        ray.shutdown()


class Ray:
    """jobs: cells at a time, at most; 0 for as many as the cluster has processors."""

    def __init__(self, address: str, jobs: int) -> None:
        self._address, self._jobs = address, jobs

    @property
    def jobs(self) -> int:
        return self._jobs

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        """As `Engine.run` says."""
        with connected(self._address, self._jobs):
            yield from _round(cells, self._jobs)


def _round(cells: Sequence[Cell], jobs: int) -> Generator[Done, None, None]:
    import ray

    stop = ray.remote(_Stop).options(num_cpus=0, max_concurrency=64).remote()
    task = ray.remote(_do).options(num_cpus=1, max_retries=_RETRIES)
    waiting = list(reversed(cells))
    running: dict[Any, Cell] = {}
    try:
        while waiting or running:
            while waiting and (not jobs or len(running) < jobs):
                cell = waiting.pop()
                running[task.remote(cell, os.getcwd(), stop)] = cell
            ready, _ = ray.wait(list(running), num_returns=1)
            yield _ended(ready[0], running.pop(ready[0]))
    finally:
        if running:
            ray.get(stop.stop.remote())
            ray.wait(list(running), num_returns=len(running))


def _ended(reference: Any, cell: Cell) -> Done:
    import ray

    try:
        done: Done = ray.get(reference)
        return done
    except ray.exceptions.RayError as error:
        said = str(error).strip().splitlines()
        return Done(cell, 1, f"a worker could not do it: {type(error).__name__}: {said[-1:]}")


class _Stop:
    """An actor: whether all cells are to stop."""

    def __init__(self) -> None:
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True

    def stopped(self) -> bool:
        return self._stopped


def _do(cell: Cell, folder: str, stop: Any) -> Done:
    """A cell, on a worker."""
    import ray

    def stopped() -> bool:
        try:
            return bool(ray.get(stop.stopped.remote(), timeout=_LOOK_S))
        except ray.exceptions.GetTimeoutError:
            return False
        except ray.exceptions.RayError:
            return True  # who asked is gone, and the actor with it

    return do_in(cell, folder, stopped)
