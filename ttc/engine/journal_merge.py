"""Journals exchange samples: what one lacks comes from another, by content.

Samples that are in both are the same ones, so pulling again changes nothing, and any order of pulls
comes to the same. A failure gives way to a sample, and that to one with more log-probabilities.
Each batch is a transaction of its own, so that others go on using the journal meanwhile.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ttc.engine.billing import ELSEWHERE, SCHEMA, all_bills, sound_bill
from ttc.engine.fingerprints import Store
from ttc.engine.journal import Absorbed, Journal, Row, explained
from ttc.engine.journal_hosts import HostNote
from ttc.engine.journal_id import ABOUT, journal_id, read_id
from ttc.engine.journal_look import reading
from ttc.errors import DataError
from ttc.fingerprint import another, changed
from ttc.words import counted

log = logging.getLogger(__name__)
_BATCH = 500
_BUSY_S = 60.0
EVERY_RUN = "*"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came from one journal into another. samples: how many it has; bills: how many rows of
    bills were looked at; warning: what a person should know of the place of the target.
    """

    source: Path
    target: Path
    samples: int
    came: Absorbed
    bills: int = 0
    warning: str = ""


def pull(
    source: Path,
    target: Path,
    bills: str = "",
    progress: Callable[[int, int], None] = lambda done, samples: None,
) -> Pulled:
    """Bring what a journal has that another lacks. target: is made where it is not there.

    bills: also what a run and its shards were billed, `EVERY_RUN` for all; they count once, however
    often they come. progress: told how many samples of how many were looked at.
    Raises `TtcError` where one of them can't be used, is open on another host, or has samples of
    another model under a name of the other's.
    """
    _require(source, target)
    note = HostNote(target)
    warning = note.open()
    try:
        with closing(Journal(target)) as into, closing(reading(source)) as reader:
            with explained(source):
                _same_models(source, target)
                older = reader.execute("PRAGMA user_version").fetchone()[0] < 1
                samples = int(reader.execute("SELECT count(*) FROM completions").fetchone()[0])
            came, done = Absorbed(), 0
            if older and samples:
                into.keys_are_older()
            for rows in _batches(source, reader):
                came += into.absorb(rows)
                done += len(rows)
                progress(done, samples)
            with explained(source):
                _take_fingerprints(source, target)
            taken = _take_bills(source, into, bills) if bills else 0
        return Pulled(source, target, samples, came, taken, warning)
    finally:
        note.close()


def _require(source: Path, target: Path) -> None:
    reading(source).close()
    if target.exists() and source.samefile(target):
        raise DataError(f"{source} and {target} are the same journal")
    if target.exists():
        reading(target).close()


def _batches(source: Path, reader: sqlite3.Connection) -> Iterator[list[Row]]:
    """All rows in order of their keys; each batch by a look of its own, which holds up nobody."""
    last = b""
    while True:
        with explained(source):
            rows = reader.execute(
                "SELECT key, payload FROM completions WHERE key > ? ORDER BY key LIMIT ?",
                (last, _BATCH),
            ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [(key, payload) for key, payload in rows if isinstance(payload, bytes)]


def _same_models(source: Path, target: Path) -> None:
    """Raise `DataError` where the journals have samples of two models under one name."""
    for name in _models(source):
        known = Store(target).read(name)
        for seen in Store(source).read(name):
            for other in known:
                if another(other.fingerprint, seen.fingerprint):
                    said = changed(other.fingerprint, seen.fingerprint)
                    raise DataError(
                        f"{source} has samples of another model under a name of {target}: {name}, "
                        f"{said} (fingerprints {other.fingerprint.digest} and "
                        f"{seen.fingerprint.digest}); keep these journals apart"
                    )


def _models(journal: Path) -> list[str]:
    """Names of models whose fingerprints a journal has."""
    with closing(reading(journal)) as reader, suppress(sqlite3.OperationalError):
        rows = reader.execute("SELECT DISTINCT model FROM fingerprints").fetchall()
        return [str(name) for (name,) in rows]
    return []


def _take_fingerprints(source: Path, target: Path) -> None:
    for name in _models(source):
        known = {seen.fingerprint.digest for seen in Store(target).read(name)}
        for seen in Store(source).read(name):
            if seen.fingerprint.digest not in known:
                Store(target).add(name, seen)


def _take_bills(source: Path, into: Journal, whole: str) -> int:
    """What runs were billed. The source needs a name, which a journal of an older ttc has not."""
    with (
        explained(source),
        closing(sqlite3.connect(source, timeout=_BUSY_S, isolation_level=None)) as connection,
    ):
        known = ""
        if os.access(source, os.W_OK):
            for schema in (SCHEMA, ELSEWHERE, ABOUT):
                connection.execute(schema)
            known = journal_id(connection, source)
        known = known or read_id(connection)
        if not known:
            raise DataError(f"{source} is of an older ttc: its bills need the right to write to it")
        told = all_bills(connection, known, None if whole == EVERY_RUN else whole)
    rows = [row for row in map(sound_bill, told) if row is not None]
    if len(rows) < len(told):
        raise DataError(
            f"{source} has {counted(len(told) - len(rows), 'bill')} without amounts: its "
            "samples came, what runs were billed did not; leave --bills out"
        )
    into.take_bills(rows)
    return len(rows)
