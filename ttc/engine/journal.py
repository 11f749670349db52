"""The journal: every completed call, durable before its result is used.

SQLite in WAL mode, because it is in the standard library, transactional to the byte, and lets
several processes share one file. `synchronous=FULL` makes a commit survive a power cut; calls that
return together share a transaction, so the price of the disk's flush is paid once for all of them.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, fields
from pathlib import Path

from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from ttc.core import Completion, TokenLogprob
from ttc.engine.spare import Spare
from ttc.errors import TtcError

Entry = tuple[bytes, Completion]
Row = tuple[bytes, bytes]
_BUSY_S = 60.0  # longest wait for another process that writes
_LOOKUP = 500  # keys per query; SQLite's oldest limit of variables is 999
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
_FIELDS = tuple(f.name for f in fields(Completion))
_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (key BLOB PRIMARY KEY, payload BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(slots=True)
class _Wish:
    """Entries to be stored, and where somebody waits for that."""

    entries: Sequence[Entry]
    done: Future[None] = field(default_factory=Future)


class Journal:
    """A persistent map from content key to completion. Usable from one event loop; close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = self._connect()
        self._writer = self._connect()
        self._spare = Spare(path.parent)
        self._full: TtcError | None = None
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Wish | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="ttc-journal", daemon=True)
        self._thread.start()

    async def put(self, entries: Sequence[Entry]) -> None:
        """Store completions; returns when they are on disk. A key that is there already stays.

        Raises `TtcError` where they can't be stored, and, once the disk is full, although they
        were: room was held back for what is under way by then, not for more.
        """
        wish = _Wish(entries)
        self._queue.put(wish)
        await asyncio.wrap_future(wish.done)

    async def get(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The stored ones among `keys`."""
        return await asyncio.to_thread(self._get, keys)

    def _get(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        found: dict[bytes, Completion] = {}
        with self._lock, _explained(self.path):
            for start in range(0, len(keys), _LOOKUP):
                part = keys[start : start + _LOOKUP]
                marks = ",".join("?" * len(part))
                rows = self._reader.execute(
                    f"SELECT key, payload FROM completions WHERE key IN ({marks})", part
                )
                found.update((key, unpack(payload)) for key, payload in rows)
        return found

    def __len__(self) -> int:
        with self._lock:
            return int(self._reader.execute("SELECT count(*) FROM completions").fetchone()[0])

    def close(self) -> None:
        """Finish what is queued and close the file."""
        self._queue.put(None)
        self._thread.join()
        self._spare.release()
        self._writer.close()
        self._reader.close()

    def _connect(self) -> sqlite3.Connection:
        with _explained(self.path):
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
        waiting = [w.done for w in work if w.done.set_running_or_notify_cancel()]
        error: BaseException | None
        try:
            self._insert([(key, pack(completion)) for w in work for key, completion in w.entries])
            error = self._full
        except BaseException as trouble:  # this thread must live on: many wait for its word
            error = trouble
        for done in waiting:
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

    def _insert(self, rows: Sequence[Row]) -> None:
        """One transaction; where the disk is full, with the room that was held back for this."""
        with _explained(self.path):
            try:
                self._transact(rows)
            except sqlite3.OperationalError as error:
                if not (_is_full(error) and self._spare.release()):
                    raise
                self._full = _full_disk(self.path)
                self._transact(rows)

    def _transact(self, rows: Sequence[Row]) -> None:
        connection = self._writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


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
    connection.execute(_SCHEMA)


def pack(completion: Completion) -> bytes:
    """A completion as compressed JSON."""
    # By hand: `asdict` copies every value, which takes longer than all the rest.
    content = {name: getattr(completion, name) for name in _FIELDS}
    content["logprobs"] = [
        {"token": t.token, "logprob": t.logprob, "top": dict(t.top)} for t in completion.logprobs
    ]
    text = json.dumps(content, ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def unpack(payload: bytes) -> Completion:
    """The completion of a payload."""
    content = json.loads(zlib.decompress(payload).decode("utf-8", "surrogatepass"))
    content["logprobs"] = tuple(TokenLogprob(**token) for token in content["logprobs"])
    return Completion(**content)


class _explained:
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
