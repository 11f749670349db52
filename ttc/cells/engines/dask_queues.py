"""Workers that dask-jobqueue asks a queueing system for, and the wait until the first has come.

dask-jobqueue hands jobs in behind its caller's back: what the queue says to a job that it refuses
ends in a log, and who waits for workers waits for ever. Here the job itself remembers it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ttc.errors import TtcError, UsageError
from ttc.words import counted

log = logging.getLogger(__name__)
QUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
}
"""Clusters of dask-jobqueue, which are set up in Dask's configuration (`jobqueue.slurm` ...)."""
_PATIENCE, _KEY, _VARIABLE = "10 minutes", "ttc.first-worker", "DASK_TTC__FIRST_WORKER"
_LOOK_S, _FIRST_TOLD_S, _TOLD_S = 0.5, 5.0, 60.0


@dataclass(frozen=True)
class Asked:
    """A cluster of so many jobs. refused: what the queue said to those that it did not take."""

    system: str
    jobs: int
    cluster: Any
    patience: float
    refused: list[str] = field(default_factory=list)

    def await_worker(self, client: Any) -> None:
        """Wait until a worker has come. Raises `TtcError` where the queue takes none of the jobs,
        and where no worker comes in time.
        """
        began, told_at, said = time.monotonic(), _FIRST_TOLD_S, 0
        while not _comes(client):
            if len(self.refused) > said:
                said = len(self.refused)
                self._tell_refusal()
            waited = time.monotonic() - began
            if waited >= self.patience:
                raise TtcError(
                    f"{self._name}: no worker has come within {self.patience:g} s; {self._queued}. "
                    f"Look what keeps them in the queue's own list and logs; {_VARIABLE}=1h "
                    f"({_KEY} in Dask's configuration) waits longer"
                )
            if waited >= told_at:
                log.warning(
                    "%s: waiting for the first of %s, up to %g s; %s",
                    self._name,
                    counted(self.jobs, "worker"),
                    self.patience,
                    self._queued,
                )
                told_at += _TOLD_S

    def _tell_refusal(self) -> None:
        why = self.refused[-1]
        if len(self.refused) >= self.jobs:
            raise TtcError(
                f"{self._name}: the queue takes no job: {why}; what jobs ask for (queue, account, "
                f"walltime, memory ...) is in Dask's configuration, under jobqueue.{self.system}"
            )
        log.warning(
            "%s: %d of %d jobs were refused: %s", self._name, len(self.refused), self.jobs, why
        )

    @property
    def _name(self) -> str:
        return f"--engine dask://{self.system}"

    @property
    def _queued(self) -> str:
        ids = [job.job_id for job in list(self.cluster.workers.values()) if job.job_id]
        return f"it has the jobs {', '.join(ids)}" if ids else "it has not taken a job yet"


@contextmanager
def asked(system: str, jobs: int) -> Iterator[Asked]:
    """A cluster of so many jobs of a queueing system, which are taken off it in the end.

    Raises `TtcError` where Dask's configuration does not describe them, and `UsageError` for a wait
    that is none.
    """
    import dask_jobqueue

    refused: list[str] = []
    patience = _patience()
    kind = getattr(dask_jobqueue, QUEUES[system])
    try:
        cluster = kind(job_cls=_remembering(kind.job_cls, refused))
    except (ValueError, TypeError, OSError) as error:
        raise TtcError(
            f"--engine dask://{system}: {error}; jobs are described in Dask's configuration, "
            f"under jobqueue.{system}"
        ) from None
    with cluster:
        cluster.scale(jobs=jobs)
        yield Asked(system, jobs, cluster, patience, refused)


def _patience() -> float:
    """Seconds that the first worker has."""
    import dask
    from dask.utils import parse_timedelta

    told = dask.config.get(_KEY, _PATIENCE)
    try:
        seconds = float(parse_timedelta(told))
    except (ValueError, TypeError, KeyError):
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"{_KEY} in Dask's configuration ({_VARIABLE}): {told!r} is no time: 1h")
    return seconds


def _remembering(kind: Any, refused: list[str]) -> Any:
    """A kind of job that remembers what the queue says when it is handed in and not taken."""
    from distributed.core import Status

    class Remembering(kind):  # type: ignore[misc]
        async def start(self) -> None:
            try:
                await super().start()
            except (RuntimeError, ValueError, OSError) as error:
                refused.append(_said(error))
                self.status = Status.running  # has ended as far as Dask goes; nobody hears it raise

    return Remembering


def _said(error: Exception) -> str:
    """The queue's words of dask-jobqueue's, in one line."""
    text = str(error)
    _, found, stderr = text.partition("stderr:\n")
    return " ".join((stderr if found and stderr.strip() else text).split())


def _comes(client: Any) -> bool:
    try:
        client.wait_for_workers(1, timeout=_LOOK_S)
    except TimeoutError:
        return False
    return True
