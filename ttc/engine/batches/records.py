"""What was submitted in batches, in tables beside a journal's samples: durable before it is sent.

A batch goes through three states. `intended`: its lines are about to be uploaded; nothing is
bought. `sending`: its file is there and the request for the batch is on its way, so the provider
may have it under our token. `standing`: the provider has it, under an id. Each line holds what it
may cost until its reply, or its failure, is kept elsewhere.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ttc.budget.allocation import Amounts
from ttc.budget.cost import UNITS
from ttc.core.batches import Batch
from ttc.engine.side_tables import opened
from ttc.errors import TtcError

State = Literal["intended", "sending", "standing"]
_BATCHES = """
CREATE TABLE IF NOT EXISTS batches
(token TEXT PRIMARY KEY, run TEXT, server TEXT, model TEXT, endpoint TEXT, state TEXT, file TEXT,
id TEXT, submitted REAL, expires REAL, status TEXT, total INTEGER, done INTEGER, failed INTEGER)
WITHOUT ROWID
"""
_LINES = """
CREATE TABLE IF NOT EXISTS batch_lines
(token TEXT, name TEXT, problem TEXT, tokens REAL, flops REAL, usd REAL, calls REAL,
PRIMARY KEY (token, name)) WITHOUT ROWID
"""
_FIELDS = (
    "token, run, server, model, endpoint, state, file, id, submitted, expires, status, total, done,"
    " failed"
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A batch of a run. server: what its samples are kept under; submitted, expires: Unix time."""

    token: str
    run: str
    server: str
    model: str
    endpoint: str
    state: State = "intended"
    file: str = ""
    id: str = ""
    submitted: float = 0.0
    expires: float | None = None
    status: str = ""
    total: int = 0
    done: int = 0
    failed: int = 0

    @property
    def row(self) -> tuple[object, ...]:
        return tuple(getattr(self, name.strip()) for name in _FIELDS.split(","))


@dataclass(frozen=True, slots=True)
class Held:
    """A line: for which problem it is, and what it may cost."""

    name: str
    problem: str
    amounts: Amounts


class Records:
    """The batches of one run, by its name, in a journal's file."""

    def __init__(self, journal: Path, run: str) -> None:
        self.journal = journal
        self.run = run

    def intend(self, batch: Submitted, lines: Sequence[Held]) -> None:
        """From here on a batch may be uploaded."""
        rows = [(batch.token, x.name, x.problem, *(x.amounts[u] for u in UNITS)) for x in lines]
        marks = ",".join("?" * len(batch.row))
        with _tables(self.journal) as connection, _whole(connection):
            connection.execute(f"INSERT INTO batches ({_FIELDS}) VALUES ({marks})", batch.row)
            connection.executemany("INSERT INTO batch_lines VALUES (?,?,?,?,?,?,?)", rows)

    def sending(self, token: str, file: str) -> None:
        """From here on the provider may have the batch."""
        self._set(token, state="sending", file=file, submitted=time.time())

    def stands(self, token: str, batch: Batch) -> None:
        """The provider has it."""
        self._set(
            token,
            state="standing",
            id=batch.id,
            expires=batch.expires,
            status=batch.status,
            total=batch.total,
        )

    def progress(self, token: str, batch: Batch) -> None:
        """How far it is, for whoever looks from outside."""
        self._set(
            token,
            status=batch.status,
            expires=batch.expires,
            total=batch.total,
            done=batch.done,
            failed=batch.failed,
        )

    def _set(self, token: str, **fields: object) -> None:
        named = ", ".join(f"{name} = ?" for name in fields)
        with _tables(self.journal) as connection:
            connection.execute(
                f"UPDATE batches SET {named} WHERE token = ?", (*fields.values(), token)
            )

    def drop(self, token: str) -> None:
        """Nothing more is to be had of a batch."""
        with _tables(self.journal) as connection, _whole(connection):
            connection.execute("DELETE FROM batch_lines WHERE token = ?", (token,))
            connection.execute("DELETE FROM batches WHERE token = ?", (token,))

    def drop_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """What became of lines (token, name) is kept elsewhere."""
        with _tables(self.journal) as connection, _whole(connection):
            connection.executemany("DELETE FROM batch_lines WHERE token = ? AND name = ?", lines)

    def tidy(self) -> None:
        """Forget batches whose lines are all settled."""
        with _tables(self.journal) as connection:
            connection.execute(
                "DELETE FROM batches WHERE run = ? AND NOT EXISTS "
                "(SELECT 1 FROM batch_lines WHERE batch_lines.token = batches.token)",
                (self.run,),
            )

    def of_run(self) -> list[tuple[Submitted, list[Held]]]:
        """What earlier tries have left; batches without lines are forgotten."""
        self.tidy()
        found: list[tuple[Submitted, list[Held]]] = []
        with _tables(self.journal) as connection:
            for batch in _read(connection, self.run):
                rows = connection.execute(
                    "SELECT name, problem, tokens, flops, usd, calls FROM batch_lines "
                    "WHERE token = ?",
                    (batch.token,),
                )
                held = [Held(n, p, dict(zip(UNITS, a, strict=True))) for n, p, *a in rows]
                found.append((batch, held))
        return found


def batches_of(journal: Path, run: str) -> list[Submitted]:
    """The batches of a run that wait at a provider, oldest first. Raises `TtcError`."""
    if not journal.exists():
        return []
    with _tables(journal) as connection:
        found = [b for b in _read(connection, run) if b.state != "intended"]
        lines = dict(
            connection.execute("SELECT token, COUNT(*) FROM batch_lines GROUP BY token").fetchall()
        )
    return [b for b in found if lines.get(b.token)]


def _read(connection: sqlite3.Connection, run: str) -> list[Submitted]:
    rows = connection.execute(
        f"SELECT {_FIELDS} FROM batches WHERE run = ? ORDER BY submitted", (run,)
    ).fetchall()
    return [Submitted(*row) for row in rows]


@contextmanager
def _tables(journal: Path) -> Iterator[sqlite3.Connection]:
    try:
        with opened(journal, _BATCHES) as connection:
            connection.execute(_LINES)
            yield connection
    except sqlite3.Error as error:
        raise TtcError(
            f"what is submitted in batches can't be kept in {journal}: {error}; see to the rights "
            "and the room of its disk"
        ) from error


@contextmanager
def _whole(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it by itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
