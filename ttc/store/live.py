"""`live.jsonl`: rows of the problems that are done while a run goes on, for who looks meanwhile.

Tables appear whole, when the last problem is done; until then this file says what there is. It is
information only, like the status: nothing is resumed from it. It goes when the tables are there,
and stays after a try that was stopped, until the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ttc.store.run_folder import RunFolder

LIVE_NAME = "live.jsonl"
_MOST = 256 * 2**20
"""Bytes, of which a viewer could hold no more: later problems are seen once there are tables."""

Rows = Mapping[str, list[dict[str, Any]]]
"""Rows by table."""


class LiveRows:
    """A line for each problem. What can't be written is left out: a full disk costs no run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._size = 0
        with suppress(OSError):
            self._file = path.open("wb")

    def write(self, rows: Rows) -> None:
        """Add a problem's rows, all together."""
        if self._file is None or self._size > _MOST:
            return
        line = json.dumps(rows, ensure_ascii=True, separators=(",", ":"), default=float) + "\n"
        try:
            self._size += self._file.write(line.encode("ascii"))
            self._file.flush()
        except OSError:
            self.remove()

    def close(self) -> None:
        """No more is written."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        self._file = None

    def remove(self) -> None:
        """Close the file, and give its room back."""
        self.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


@contextmanager
def live_rows(run: RunFolder) -> Iterator[LiveRows]:
    """A new file for a pass over the problems; it goes at the end of one without an exception."""
    rows = LiveRows(run.path / LIVE_NAME)
    try:
        yield rows
    except BaseException:
        rows.close()
        raise
    rows.remove()


def read_live(run: RunFolder) -> dict[str, list[dict[str, Any]]]:
    """Rows by table of all problems that are whole in the file; nothing without one."""
    found: dict[str, list[dict[str, Any]]] = {}
    with suppress(OSError), (run.path / LIVE_NAME).open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            with suppress(ValueError, AttributeError, TypeError):
                for table, rows in json.loads(line).items():
                    found.setdefault(table, []).extend(rows)
    return found


def live_size(run: RunFolder) -> int:
    """Bytes there are, which tell whether anything came; 0 without a file."""
    try:
        return (run.path / LIVE_NAME).stat().st_size
    except OSError:
        return 0
