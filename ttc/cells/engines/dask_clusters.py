"""Which Dask cluster a person means by `dask://...`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ttc.cells.engines.dask_patience import Patience, engine_name
from ttc.cells.engines.dask_queues import QUEUES, asked
from ttc.errors import MissingExtra, TtcError, UsageError

Opened = Callable[[], AbstractContextManager[Any]]
"""Opens a client of the cluster; starts the cluster where it is ours, and ends it after."""
_PLACE = re.compile(
    r"(?:(?:tcp|tls|ws|wss|ucx)://)?[^\s/:]+:\d{1,5}|(?:tcp|tls)://\[[0-9a-f:]+\]:\d+"
)
_TIMEOUT = "10s"


def opening(address: str, jobs: int) -> Opened:
    """How to open a cluster: `host:port`, `tls://host:port`, the path of a scheduler file, the
    name of a queueing system, or nothing for workers of this machine.

    jobs: workers to ask a queueing system or this machine for. Raises `MissingExtra` and
    `UsageError`.
    """
    _require("distributed")
    engine = engine_name(address)
    if not address:
        return partial(_local, jobs or os.cpu_count() or 1)
    if address in QUEUES:
        _require("dask_jobqueue")
        if not jobs:
            raise UsageError(f"{engine}: how many jobs of it? name them by --jobs N")
        return partial(_queued, address, jobs)
    if address.startswith(("/", "./", "~")) or address.endswith(".json"):
        path = Path(address).expanduser()
        if not path.is_file():
            raise UsageError(f"{engine}: no such file; dask scheduler writes it")
        return partial(_running, address, scheduler_file=str(path))
    if _PLACE.fullmatch(address):
        place = address if "://" in address else f"tcp://{address}"
        return partial(_running, address, address=place)
    raise UsageError(
        f"{engine}: expected host:port, a scheduler file's path, or one of {', '.join(QUEUES)}"
    )


def _require(library: str) -> None:
    try:
        __import__(library)
    except ImportError:
        raise MissingExtra("--engine dask", "dask") from None


@contextmanager
def _client(**where: Any) -> Iterator[Any]:
    import logging

    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters raises
    shown = where.get("address") or where.get("scheduler_file") or "the cluster"
    try:
        client = Client(**where, timeout=_TIMEOUT)
    except (OSError, ValueError) as error:
        raise TtcError(
            f"no Dask scheduler answers at {shown}; dask scheduler starts one ({error})"
        ) from None
    with client:
        yield client


@contextmanager
def _running(typed: str, **where: Any) -> Iterator[Any]:
    """A cluster that somebody else runs, once it has a worker."""
    patience = Patience(typed)
    with _client(**where) as client:
        while not patience.look(client):
            pass
        yield client


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    from distributed import LocalCluster

    with ExitStack() as stack:
        cluster = stack.enter_context(
            LocalCluster(  # a process each, so that one can die alone
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
        )
        client = stack.enter_context(_client(address=cluster))
        client.register_plugin(_deaf())
        yield client


def _deaf() -> Any:
    """Ctrl-C at the terminal is for who asked for the cells, which stops them one by one."""
    import signal

    from distributed import WorkerPlugin

    class Deaf(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


@contextmanager
def _queued(system: str, jobs: int) -> Iterator[Any]:
    with asked(system, jobs) as workers, _client(address=workers.cluster) as client:
        workers.await_worker(client)
        yield client
