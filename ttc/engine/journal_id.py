"""What a journal is called, so that what runs were billed counts once wherever journals meet.

A copy of a file is another journal, though it says the same: both go on to grow. So the name
belongs to a place on a disk, and a journal that finds itself elsewhere takes a new one; what it was
billed until then stays with the old one.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

from ttc.engine.billing import move_bills

ABOUT = "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"


def journal_id(connection: sqlite3.Connection, path: Path) -> str:
    """The id of a journal that may be written to; given to it where it has none, or is a copy."""
    place = _place(path)
    known = _read(connection)
    if known.get("id") and known.get("place") == place:
        return known["id"]
    connection.execute("BEGIN IMMEDIATE")
    try:
        known = _read(connection)  # another process may have been quicker
        if not known.get("id") or known.get("place") != place:
            if known.get("id"):
                move_bills(connection, known["id"])
            known = {"id": secrets.token_hex(8), "place": place}
            connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", known.items())
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it by itself
            connection.execute("ROLLBACK")
        raise
    return known["id"]


def read_id(connection: sqlite3.Connection) -> str:
    """The id that a journal has; empty for one of an older ttc."""
    with suppress(sqlite3.OperationalError):
        return _read(connection).get("id", "")
    return ""


def _read(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, value FROM about").fetchall()
    return {str(name): str(value) for name, value in rows}


def _place(path: Path) -> str:
    """What a copy does not share; no name of a host goes into the file."""
    status = os.stat(path)
    text = f"{platform.node()} {status.st_dev} {status.st_ino}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
