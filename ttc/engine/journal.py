"""The journal: every completed call, durable before its result is used.

SQLite in WAL mode, because it is in the standard library, transactional to the byte, and lets
several processes share one file. `synchronous=FULL` makes a commit survive a power cut; calls that
return together share a transaction, so the price of the disk's flush is paid once for all of them.

A row that can't be read (a bad disk, a careless hand) counts as absent, and gives way to a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from ttc.budget.cost import Unit
from ttc.core import Completion
from ttc.engine.billing import ELSEWHERE, SCHEMA, Bill, add_bills, read_bills, take_bills
from ttc.engine.codec import Damaged, pack, unpack
from ttc.engine.content import serves
from ttc.engine.disk_reserve import Spare
from ttc.engine.journal_id import ABOUT, journal_id
from ttc.errors import TtcError

log = logging.getLogger(__name__)
Entry = tuple[bytes, Completion]
Row = tuple[bytes, bytes]
_BUSY_S = 60.0  # longest wait for another process that writes
_LOOKUP = 500  # keys per query; SQLite's oldest limit of variables is 999
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_VERSION = 1  # of keys: since 1, log-probabilities are not in them
_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (key BLOB PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(slots=True)
class _Wish:
    """Entries to be stored with their bill, and where somebody waits for that."""

    entries: Sequence[Entry]
    bills: Sequence[Bill] = ()
    done: Future[dict[bytes, Completion]] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Samples of another journal: how many were new, took the place of others, or can't be read."""

    new: int = 0
    replaced: int = 0
    damaged: int = 0

    def __add__(self, other: Absorbed) -> Absorbed:
        return Absorbed(
            self.new + other.new, self.replaced + other.replaced, self.damaged + other.damaged
        )


class Journal:
    """A persistent map from content key to completion. Usable from one event loop; close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = self._connect()
        self.older = self._reader.execute("PRAGMA user_version").fetchone()[0] < _VERSION
        """Whether it may hold samples whose keys are those of 0.1.0."""
        self._writer = self._connect()
        with explained(path):
            self.id = journal_id(self._writer, path)
            self._file = os.stat(path)
        self._spare = Spare(path.parent)
        self._full: TtcError | None = None
        self._damaged = False
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="ttc-journal", daemon=True)
        self._thread.start()

    async def put(
        self, entries: Sequence[Entry], bills: Sequence[Bill] = ()
    ) -> dict[bytes, Completion]:
        """Store completions; returns when they are on disk. A key that is there already stays,
        but for a failure (a completion with an `error`) and for one with fewer log-probabilities,
        which give way. bills: added to what the
        run was billed, together with the completions or not at all.

        Returns what was there, for the keys that were. Raises `TtcError` where they can't be
        stored, and, once the disk is full, although they were: room was held back for what is
        under way by then, not for more.
        """
        wish = _Wish(entries, bills)
        self._queue.put(wish)
        return await asyncio.wrap_future(wish.done)

    async def get(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The stored ones among `keys`."""
        return await asyncio.to_thread(self._get, keys)

    def _get(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        with self._lock, explained(self.path):
            return self._readable(_rows(self._reader, keys))

    def _readable(self, rows: Iterable[Row], *, quiet: bool = False) -> dict[bytes, Completion]:
        found: dict[bytes, Completion] = {}
        for key, payload in rows:
            try:
                found[key] = unpack(payload)
            except Damaged:
                if not (self._damaged or quiet):
                    self._damaged = True
                    log.warning(
                        "%s is damaged: samples in it that can't be read are drawn anew", self.path
                    )
        return found

    async def bills(self, run: str, whole: str = "") -> tuple[dict[str, dict[Unit, float]], ...]:
        """What a run was billed by now, and what of that was lost, by problem; see `read_bills`."""
        return await asyncio.to_thread(self._bills, run, whole)

    def _bills(self, run: str, whole: str) -> tuple[dict[str, dict[Unit, float]], ...]:
        with self._lock, explained(self.path):
            return read_bills(self._reader, run, whole)

    def __len__(self) -> int:
        with self._lock:
            return int(self._reader.execute("SELECT count(*) FROM completions").fetchone()[0])

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._queue.put(None)
        self._thread.join()
        self._spare.release()
        self._writer.close()
        # A look-up whose caller was cancelled goes on in its thread: closing SQLite under it would
        # bring the process down. Later ones find it closed, and nobody waits for them.
        with self._lock:
            self._reader.close()

    def absorb(self, rows: Sequence[Row]) -> Absorbed:
        """Store samples as another journal has them, by the rule of `put`.

        Not while others use this object; other processes may use the file. Raises as `put`.
        """
        with self._lock, explained(self.path):
            stored = dict(_rows(self._reader, [key for key, _ in rows]))
        others = {key: payload for key, payload in rows if stored.get(key) != payload}
        readable = self._readable(others.items(), quiet=True)
        wanted = [(key, others[key]) for key in readable]
        there = self._insert(wanted, ()) if wanted else {}
        if self._full is not None:
            raise self._full
        new = sum(key not in stored for key in readable)
        replaced = sum(key in stored and key not in there for key in readable)
        return Absorbed(new, replaced, len(others) - len(readable))

    def take_bills(self, rows: Sequence[Sequence[str | float]]) -> None:
        """Know of what other journals were billed; what is of this one it knows better."""
        foreign = [row for row in rows if row[-1] != self.id]
        with explained(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            take_bills(self._writer, foreign)
            self._writer.execute("COMMIT")

    def keys_are_older(self) -> None:
        """Keys of 0.1.0 have come in: look for samples under these, too."""
        with explained(self.path):
            self._writer.execute("PRAGMA user_version=0")

    def _connect(self) -> sqlite3.Connection:
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            _set_up(connection)
            return connection

    def _write_all(self) -> None:
        ending = False
        while not ending:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            ending = None in batch
            work = [wish for wish in batch if wish is not None]
            if work:
                self._commit(work)

    def _commit(self, work: Sequence[_Wish]) -> None:
        # From here on a caller that goes away can't cancel: that would fail `set_result` below.
        waiting = [w for w in work if w.done.set_running_or_notify_cancel()]
        there: dict[bytes, Completion] = {}
        error: BaseException | None
        try:
            rows = [(key, pack(made)) for w in work for key, made in w.entries]
            there = self._insert(rows, [bill for w in work for bill in w.bills])
            error = self._full
        except BaseException as trouble:  # this thread must live on: many wait for its word
            error = trouble
        for wish in waiting:
            if error is None:
                wish.done.set_result({key: there[key] for key, _ in wish.entries if key in there})
            else:
                wish.done.set_exception(error)

    def _insert(self, rows: Sequence[Row], bills: Sequence[Bill]) -> dict[bytes, Completion]:
        """One transaction; where the disk is full, with the room that was held back for this."""
        self._require_there()
        with explained(self.path):
            try:
                return self._transact(rows, bills)
            except sqlite3.OperationalError as error:
                if not (_is_full(error) and self._spare.release()):
                    raise
                self._full = _full_disk(self.path)
                return self._transact(rows, bills)

    def _require_there(self) -> None:
        """Raise `TtcError` where the file was removed: SQLite would go on in one without a name."""
        with suppress(OSError):
            if os.path.samestat(os.stat(self.path), self._file):
                return
        raise TtcError(
            f"the journal {self.path} was removed while it was in use: what is sampled now can't "
            "be kept; run the same command again"
        )

    def _transact(self, rows: Sequence[Row], bills: Sequence[Bill]) -> dict[bytes, Completion]:
        """Insert what is not there; what is there instead of the others."""
        connection = self._writer
        there: dict[bytes, Completion] = {}
        try:
            connection.execute("BEGIN IMMEDIATE")
            new = connection.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?)", rows)
            if new.rowcount < len(rows):
                there = self._settle(dict(rows))
            if bills:
                add_bills(connection, bills)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return there

    def _settle(self, wanted: Mapping[bytes, bytes]) -> dict[bytes, Completion]:
        """Some were there before: replace failures, what can't be read and what has fewer
        log-probabilities, return the others.
        """
        stored = dict(_rows(self._writer, list(wanted)))
        others = {key: payload for key, payload in stored.items() if payload != wanted[key]}
        there = {
            key: made
            for key, made in self._readable(others.items()).items()
            if not made.error and _as_rich(made, wanted[key])
        }
        self._writer.executemany(
            "INSERT OR REPLACE INTO completions VALUES (?, ?)",
            [(key, wanted[key]) for key in others if key not in there],
        )
        return there


def _as_rich(stored: Completion, payload: bytes) -> bool:
    """Whether a stored sample serves whoever asked for the one in this payload."""
    new = unpack(payload)
    return bool(new.error) or serves(stored, new.alternatives, new.kept)


def _rows(connection: sqlite3.Connection, keys: Sequence[bytes]) -> Iterator[Row]:
    """What is stored under these keys, as it is."""
    for start in range(0, len(keys), _LOOKUP):
        part = keys[start : start + _LOOKUP]
        marks = ",".join("?" * len(part))
        yield from connection.execute(
            f"SELECT key, payload FROM completions WHERE key IN ({marks})", part
        )


@retry(
    retry=retry_if_exception_message(match="database is locked"),
    stop=stop_after_delay(_BUSY_S),
    wait=wait_random(0.01, 0.1),
    reraise=True,
)
def _set_up(connection: sqlite3.Connection) -> None:
    """SQLite's own busy time-out does not cover two processes that switch to WAL at once."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        connection.execute(f"PRAGMA user_version={_VERSION}")
    for schema in (_SCHEMA, SCHEMA, ELSEWHERE, ABOUT):
        connection.execute(schema)


class explained:
    """Turns SQLite's and the disk's errors into one sentence with the file and the mend."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error):
            if _is_full(error):
                raise _full_disk(self.path) from error
            raise TtcError(
                f"the journal {self.path} can't be used: {error}; see to the rights and the health "
                "of its disk, or move it away to sample anew"
            ) from error
        if isinstance(error, OSError):
            raise TtcError(f"can't write in {self.path.parent}: {error.strerror}") from error


def _is_full(error: sqlite3.Error) -> bool:
    """Whether there is no room: the disk, a quota or the largest file that is allowed."""
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python itself raised it
    return code in _NO_ROOM


def _full_disk(path: Path) -> TtcError:
    return TtcError(
        f"no room for the journal {path}: the disk is full; make room and run the same command "
        "again, what was completed by now is kept and not paid for again"
    )
