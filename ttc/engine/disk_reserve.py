"""Disk space held back, so that what was paid for can still be stored when the disk is full."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

SPARE_BYTES = 4 * 2**20
"""Some hundred long completions; fewer where they carry logprobs."""


class Spare:
    """A nameless file in a folder, which vanishes with the process however that ends.

    It is a help, not a promise: where the system can't hold space back, there is none.
    """

    def __init__(self, folder: Path, size: int = SPARE_BYTES) -> None:
        self._file: IO[bytes] | None = None
        with suppress(OSError, AttributeError):  # macOS lacks the call
            file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  (kept open)
            try:
                os.posix_fallocate(file.fileno(), 0, size)
            except BaseException:
                file.close()
                raise
            self._file = file

    def release(self) -> bool:
        """Give the space back; whether there was any."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
        return file is not None
