"""Small tables beside the samples of a journal, with a connection for each use: they are rare."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_BUSY_S = 20.0  # longest wait for another process that writes


@contextmanager
def opened(journal: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """A connection with a table, which is made if it is not there. Raises `sqlite3.Error`."""
    with closing(sqlite3.connect(journal, timeout=_BUSY_S, isolation_level=None)) as connection:
        connection.execute(schema)
        yield connection
