"""Reads a journal without touching it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from ttc.engine.codec import unpack


def journalled(results: Path, scratch: Path) -> list[str]:
    """The texts in the journal, read from a copy: opening the file itself would mend it."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for path in results.glob("journal.sqlite*"):
        if not path.name.endswith("-shm"):  # an index that SQLite makes anew
            shutil.copy(path, scratch)
    if not (scratch / "journal.sqlite").exists():
        return []
    return _texts(str(scratch / "journal.sqlite"))


def being_written(results: Path) -> list[str]:
    """The texts in a journal that a run holds open: a copy of its files might tear."""
    return _texts(f"file:{results / 'journal.sqlite'}?mode=ro")


def _texts(address: str) -> list[str]:
    with closing(sqlite3.connect(address, uri=address.startswith("file:"))) as database:
        if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
            return []
        rows = database.execute("SELECT payload FROM completions").fetchall()
    return [unpack(payload).text for (payload,) in rows]
