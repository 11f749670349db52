"""A run folder that is complete or not there: made under a hidden name, then renamed."""

from __future__ import annotations

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

    def publish(self, run_id: str) -> RunFolder:
        """Move the folder to `destination/<run_id>`; an earlier one of that name goes."""
        final = RunFolder(self._destination / run_id)
        old = self._destination / f".old-{secrets.token_hex(4)}"
        with writing(final.path):
            if final.path.exists():
                os.replace(final.path, old)
            os.replace(self.run.path, final.path)
        shutil.rmtree(old, ignore_errors=True)
        return final


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
