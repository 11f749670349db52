"""A run's pool by its place, for processes that read it themselves."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from ttc.analysis.pool import PoolArrays
from ttc.errors import DataError
from ttc.store.pool import load_pool
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class StoredPool:
    """See `load_pool`. changed: when its tables were, so that other ones are another pool."""

    path: str
    verifier: str | None
    reads: frozenset[str]
    changed: tuple[int, ...]

    @classmethod
    def of(cls, run: RunFolder, verifier: str | None, reads: frozenset[str]) -> StoredPool:
        """Of a run's folder as it is now."""
        tables = [path for path in (run.solutions, run.verifications) if path.is_file()]
        changed = tuple(path.stat().st_mtime_ns for path in tables)
        return cls(str(run.path.resolve()), verifier, reads, changed)

    def load(self) -> PoolArrays:
        """The arrays of all its problems. Raises `DataError` where this machine has no such run."""
        run = RunFolder(Path(self.path))
        if not run.has_tables():
            raise DataError(f"{socket.gethostname()} has no run {self.path}: workers need its disk")
        return load_pool(run, self.verifier, reads=self.reads).arrays
