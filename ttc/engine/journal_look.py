"""What is in a journal, read without changing it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from ttc.budget.allocation import added, nothing
from ttc.budget.cost import UNITS, Unit
from ttc.engine.billing import all_bills, sound_bill
from ttc.engine.journal import explained
from ttc.errors import DataError

_BUSY_S = 60.0
_MAKING_S = 2.0  # longest time from a new journal's file to its tables


@dataclass(frozen=True, slots=True)
class Inside:
    """bills: by run, of how many problems there are bills, and all of them together; models: how
    many fingerprints there are under each name.
    """

    samples: int
    bills: dict[str, tuple[int, dict[Unit, float]]]
    models: dict[str, int]


class _Empty(DataError):
    """No table: no journal, or one that another process is making."""


@retry(
    retry=retry_if_exception_type(_Empty),
    stop=stop_after_delay(_MAKING_S),
    wait=wait_fixed(0.02),
    reraise=True,
)
def reading(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, if that can be had: who only has the right to read may.

    Raises `DataError` for what is no journal.
    """
    if not path.is_file():
        raise DataError(f"there is no journal {path}")
    address = path.resolve().as_uri()
    for how in ("mode=ro", "mode=rw", "immutable=1"):
        with suppress(sqlite3.OperationalError):
            connection = sqlite3.connect(
                f"{address}?{how}", uri=True, timeout=_BUSY_S, isolation_level=None
            )
            try:
                _require_ours(connection, path)
            except BaseException:
                connection.close()
                raise
            return connection
    raise DataError(f"can't read {path}: its folder can't be written, which SQLite needs")


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `DataError` for what is no journal. One from elsewhere may bring code: views, triggers
    and computed columns would run when it is read or given its id, and we make none.
    """
    try:
        columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(completions)")}
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise _Empty(f"{path} is no journal of ttc: there is nothing in it")
        (code,) = connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view') "
            "OR (type = 'table' AND rootpage = 0)"
        ).fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        columns, code = set(), 0
    if not columns >= {"key", "payload"}:
        raise DataError(f"{path} is no journal of ttc")
    if code:
        raise DataError(f"{path} has views or triggers, which no journal of ttc has; don't use it")


def look_into(path: Path) -> Inside:
    """Count what is there. Raises `TtcError`."""
    with closing(reading(path)) as connection, explained(path):
        samples = int(connection.execute("SELECT count(*) FROM completions").fetchone()[0])
        return Inside(samples, _bills(connection), _models(connection))


def _bills(connection: sqlite3.Connection) -> dict[str, tuple[int, dict[Unit, float]]]:
    problems: dict[str, set[str]] = {}
    amounts: dict[str, dict[Unit, float]] = {}
    with suppress(sqlite3.OperationalError):  # one of an older ttc lacks a table
        for row in filter(None, map(sound_bill, all_bills(connection, ""))):
            run, problem, *numbers = row
            name = str(run)
            problems.setdefault(name, set()).update([str(problem)] if problem else [])
            billed = dict(zip(UNITS, map(float, numbers[:4]), strict=True))
            amounts[name] = added(amounts.get(name, nothing()), billed)
    return {run: (len(problems[run]), amounts[run]) for run in amounts}


def _models(connection: sqlite3.Connection) -> dict[str, int]:
    found: dict[str, int] = {}
    with suppress(sqlite3.OperationalError):
        rows = connection.execute("SELECT model, count(*) FROM fingerprints GROUP BY model")
        for name, n in rows.fetchall():
            with suppress(ValueError, TypeError):
                found[" ".join(map(str, json.loads(name)))] = int(n)
    return found
