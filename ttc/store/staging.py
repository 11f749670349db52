"""A run folder that is complete or not there: made under a hidden name, then renamed."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ttc.errors import DataError
from ttc.store.atomic import writing
from ttc.store.run_folder import RunFolder


class Stage:
    """A run in the making; `publish` gives it its id and its place."""

    def __init__(self, destination: Path) -> None:
        self.run = RunFolder(destination / f".new-{secrets.token_hex(4)}")
        self._destination = destination
        self._old: list[Path] = []

    def publish(self, run_id: str) -> RunFolder:
        """Move the folder to `destination/<run_id>`; an earlier one of that name goes."""
        final = RunFolder(self._destination / run_id)
        try:
            with writing(final.path):
                while not self._in_place(final.path):
                    pass
        finally:
            for old in self._old:
                shutil.rmtree(old, ignore_errors=True)
        return final

    def _in_place(self, final: Path) -> bool:
        """Whether the run has taken its place; not where another process has just then."""
        old = self._destination / f".old-{secrets.token_hex(4)}"
        with suppress(FileNotFoundError):
            os.replace(final, old)
            self._old.append(old)
        try:
            os.replace(self.run.path, final)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        return True


@contextmanager
def staged(destination: Path) -> Iterator[Stage]:
    """A stage in a folder of runs; what was not published when the block ends is removed.

    Raises `DataError` where `destination` is itself a run.
    """
    if RunFolder(destination).exists():
        raise DataError(f"{destination} is a run; name a folder of runs, such as results/NAME")
    stage = Stage(destination)
    try:
        yield stage
    finally:
        shutil.rmtree(stage.run.path, ignore_errors=True)
        with suppress(OSError):
            destination.rmdir()  # if it is empty: then it was made for this run
