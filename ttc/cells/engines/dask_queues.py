"""Workers that dask-jobqueue asks a queueing system for, and the wait until the first has come.

dask-jobqueue hands jobs in behind its caller's back: what the queue says to a job that it refuses
ends in a log, and who waits for workers waits for ever. Here the job itself remembers it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ttc.cells.engines.dask_patience import Patience, engine_name
from ttc.errors import TtcError
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
_SHOWN = 5  # ids of jobs


@dataclass(frozen=True)
class Asked:
    """A cluster of so many jobs. refused: what the queue said to those that it did not take."""

    system: str
    jobs: int
    cluster: Any
    patience: Patience
    refused: list[str] = field(default_factory=list)

    def await_worker(self, client: Any) -> None:
        """Wait until a worker has come. Raises `TtcError` where the queue takes none of the jobs,
        and where no worker comes in time.
        """
        said, first = 0, f"the first of {counted(self.jobs, 'worker')}"
        while True:
            here = self.patience.look(client, first, f"; {self._queued}")
            if len(self.refused) > said:
                said = len(self.refused)
                self._tell_refusal()
            if here:
                return

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
        return engine_name(self.system)

    @property
    def _queued(self) -> str:
        ids = [job.job_id for job in list(self.cluster.workers.values()) if job.job_id]
        if not ids:
            return "it has not taken a job yet"
        more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
        return f"it has the jobs {', '.join(ids[:_SHOWN])}{more}"


@contextmanager
def asked(system: str, jobs: int) -> Iterator[Asked]:
    """A cluster of so many jobs of a queueing system, which are taken off it in the end.

    Raises `TtcError` where Dask's configuration does not describe them, and `UsageError` for a wait
    that is none.
    """
    import dask_jobqueue

    refused: list[str] = []
    patience = Patience(system)
    kind = getattr(dask_jobqueue, QUEUES[system])
    try:
        cluster = kind(job_cls=_remembering(kind.job_cls, refused))
    except (ValueError, TypeError, OSError) as error:
        raise TtcError(
            f"{engine_name(system)}: {error}; jobs are described in Dask's configuration, "
            f"under jobqueue.{system}"
        ) from None
    with cluster:
        cluster.scale(jobs=jobs)
        yield Asked(system, jobs, cluster, patience, refused)


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
