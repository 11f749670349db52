"""Tables beside a journal's samples: what each run was billed, over all its tries, how its budget
was shared out, round by round, and what the last round admitted where something was lost.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttc.budget.account import Account
from ttc.budget.allocation import Amounts, added, nothing
from ttc.budget.cost import UNITS, Unit
from ttc.budget.ledger import Raise
from ttc.core import Place
from ttc.engine.side_tables import opened

log = logging.getLogger(__name__)
_ROUNDS = """
CREATE TABLE IF NOT EXISTS rounds (run TEXT, round INTEGER, raises TEXT, PRIMARY KEY (run, round))
WITHOUT ROWID
"""
_LAST = """
CREATE TABLE IF NOT EXISTS last_rounds
(run TEXT, problem TEXT, accounts TEXT, PRIMARY KEY (run, problem))
WITHOUT ROWID
"""

SCHEMA = """
CREATE TABLE IF NOT EXISTS bills
(run TEXT, problem TEXT, tokens REAL, flops REAL, usd REAL, calls REAL,
lost_tokens REAL, lost_flops REAL, lost_usd REAL, lost_calls REAL, PRIMARY KEY (run, problem))
WITHOUT ROWID
"""
ELSEWHERE = """
CREATE TABLE IF NOT EXISTS bills_elsewhere
(run TEXT, problem TEXT, tokens REAL, flops REAL, usd REAL, calls REAL,
lost_tokens REAL, lost_flops REAL, lost_usd REAL, lost_calls REAL,
journal TEXT, PRIMARY KEY (run, problem, journal)) WITHOUT ROWID
"""
"""What runs were billed by calls whose replies went into other journals, by which one: the bills of
each only grow, so that they can come from anywhere any number of times and count once.
"""
_COLUMNS = [*UNITS, *(f"lost_{u}" for u in UNITS)]
_ADD = (
    f"INSERT INTO bills VALUES ({','.join('?' * (2 + len(_COLUMNS)))}) ON CONFLICT DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS)
)
_SETTLED = "DELETE FROM batch_lines WHERE token = ? AND name = ?"
_FAMILY = "run = ?1 OR run = ?2 OR (run > ?2 || '/' AND run < ?2 || '0')"  # 0 comes after /
_READ = " UNION ALL ".join(
    f"SELECT run, problem, {', '.join(_COLUMNS)} FROM {table} WHERE {_FAMILY}"
    for table in ("bills", "bills_elsewhere")
)
_TAKE = (
    f"INSERT INTO bills_elsewhere VALUES ({','.join('?' * (3 + len(_COLUMNS)))}) "
    "ON CONFLICT DO UPDATE SET "
    + ", ".join(f"{name} = max({name}, excluded.{name})" for name in _COLUMNS)
)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run was billed for a problem; lost: what of it brought nothing, or should not be."""

    run: str
    problem: str
    billed: Amounts
    lost: Amounts
    line: tuple[str, str] | None = None
    """Of a batch (its token, the line's name), which is settled by this."""

    @property
    def row(self) -> tuple[str | float, ...]:
        amounts = [part[u] for part in (self.billed, self.lost) for u in UNITS]
        return (self.run, self.problem, *amounts)


def add_bills(connection: sqlite3.Connection, bills: Sequence[Bill]) -> None:
    """Add to what is there, within the caller's transaction."""
    connection.executemany(_ADD, [b.row for b in bills if any(b.billed.values())])
    if lines := [bill.line for bill in bills if bill.line is not None]:
        connection.executemany(_SETTLED, lines)


def take_bills(connection: sqlite3.Connection, rows: Sequence[Sequence[str | float]]) -> None:
    """Know of bills of other journals, within the caller's transaction: rows of `all_bills`."""
    connection.executemany(_TAKE, rows)


def all_bills(
    connection: sqlite3.Connection, journal: str, whole: str | None = None
) -> list[tuple[str | float, ...]]:
    """All that a journal knows of bills, as rows of `bills_elsewhere`. journal: its own id; whole:
    of this run and its shards only.
    """
    columns = f"run, problem, {', '.join(_COLUMNS)}"
    only = "1" if whole is None else _FAMILY
    words = () if whole is None else (whole, whole)
    own = connection.execute(f"SELECT {columns} FROM bills WHERE {only}", words).fetchall()
    others = connection.execute(
        f"SELECT {columns}, journal FROM bills_elsewhere WHERE {only}", words
    ).fetchall()
    return [*((*row, journal) for row in own), *map(tuple, others)]


def sound_bill(row: Sequence[object]) -> tuple[str | float, ...] | None:
    """A row of `all_bills` as a journal from elsewhere may tell it: nobody was billed less than
    nothing, and no more was lost than billed. None for what are no amounts.
    """
    run, problem, *amounts, journal = row
    names = [name for name in (run, problem, journal) if isinstance(name, str)]
    numbers = [n for n in amounts if isinstance(n, int | float) and math.isfinite(n)]
    if len(names) < 3 or len(numbers) < len(_COLUMNS):
        return None
    billed = [max(0.0, n) for n in numbers[: len(UNITS)]]
    lost = [min(max(0.0, n), b) for n, b in zip(numbers[len(UNITS) :], billed, strict=True)]
    return (names[0], names[1], *billed, *lost, names[2])


def move_bills(connection: sqlite3.Connection, journal: str) -> None:
    """From here on, all own bills are those of another journal: this one is a copy of it."""
    take_bills(connection, [row for row in all_bills(connection, journal) if row[-1] == journal])
    connection.execute("DELETE FROM bills")


def read_bills(
    connection: sqlite3.Connection, run: str, whole: str = ""
) -> tuple[dict[str, dict[Unit, float]], dict[str, dict[Unit, float]]]:
    """What a run was billed, and what of that was lost, by problem.

    What its shards were billed, whose names begin with its own and a slash, is a whole run's, too.
    whole: the name of the run that this is a shard of. What others of that were billed is no
    shard's, unless it was for a problem, of which the shard may have some.
    """
    billed: dict[str, dict[Unit, float]] = {}
    lost: dict[str, dict[Unit, float]] = {}
    for name, problem, *amounts in connection.execute(_READ, (run, whole or run)):
        ours = name == run or not whole or problem
        if ours and all(isinstance(amount, int | float) for amount in amounts):
            for found, part in ((billed, amounts[:4]), (lost, amounts[4:])):
                before = found.get(problem, nothing())
                found[problem] = added(before, dict(zip(UNITS, part, strict=True)))
    return billed, lost


def add_round(journal: Path, run: str, number: int, raises: Mapping[str, Raise]) -> None:
    """Keep how a round was shared out. What is there stays."""
    content = json.dumps({p: _plain(one) for p, one in raises.items()})
    try:
        with opened(journal, _ROUNDS) as connection:
            connection.execute(
                "INSERT OR IGNORE INTO rounds VALUES (?, ?, ?)", (run, number, content)
            )
    except sqlite3.Error as error:  # it would be shared out alike, had nothing been lost since
        log.info("%s: the shares of round %d can't be kept: %s", journal, number, error)


def read_rounds(journal: Path, run: str) -> list[dict[str, Raise]]:
    """How the further rounds of a run were shared out, in order, up to one that can't be read."""
    found: list[dict[str, Raise]] = []
    try:
        with opened(journal, _ROUNDS) as connection:
            rows = connection.execute(
                "SELECT round, raises FROM rounds WHERE run = ? ORDER BY round", (run,)
            ).fetchall()
        for expected, (number, content) in enumerate(rows, start=2):
            if number != expected:
                break
            found.append({p: _raise(*one) for p, one in json.loads(content).items()})
    except (sqlite3.Error, ValueError, TypeError, AttributeError) as error:
        log.info("%s: the shares of earlier rounds can't be read: %s", journal, error)
    return found


def keep_last_round(
    journal: Path, run: str, problems: Mapping[str, Mapping[Place, Account]]
) -> None:
    """Keep the accounts of problems as a run's last round left them, instead of what was kept."""
    rows = [(run, p, json.dumps(_plain_accounts(one))) for p, one in problems.items()]
    try:
        with opened(journal, _LAST) as connection:
            connection.executemany("INSERT OR REPLACE INTO last_rounds VALUES (?, ?, ?)", rows)
    except sqlite3.Error as error:  # a new run of the recipe may buy somewhat more or less
        log.info("%s: what the last round admitted can't be kept: %s", journal, error)


def read_last_round(journal: Path, run: str) -> dict[str, dict[Place, Account]]:
    """The accounts that were kept of a run's last round, by problem; of those that can be read."""
    found: dict[str, dict[Place, Account]] = {}
    try:
        with opened(journal, _LAST) as connection:
            rows = connection.execute(
                "SELECT problem, accounts FROM last_rounds WHERE run = ?", (run,)
            ).fetchall()
        for problem, content in rows:
            found[problem] = _accounts(json.loads(content))
    except (sqlite3.Error, ValueError, TypeError, KeyError) as error:
        log.info("%s: what the last round admitted can't be read: %s", journal, error)
    return found


def _plain_accounts(accounts: Mapping[Place, Account]) -> list[Any]:
    """Parents stand before their branches, as they were opened."""
    places = {id(account): list(place) for place, account in accounts.items()}
    return [
        [
            list(place),
            None if one.parent is None else places[id(one.parent)],
            one.part,
            one.begun,
            [one.limits[u] for u in UNITS],
            [one.settled[u] for u in UNITS],
            [[content.hex(), start, n] for (content, start), n in one.taken.items()],
        ]
        for place, one in accounts.items()
    ]


def _accounts(rows: Sequence[Any]) -> dict[Place, Account]:
    found: dict[Place, Account] = {}
    for place, parent, part, begun, limits, settled, taken in rows:
        found[tuple(place)] = account = Account(_amounts(limits), part=float(part))
        account.parent = None if parent is None else found[tuple(parent)]
        account.begun = bool(begun)
        account.settled = _amounts(settled)
        account.taken = {(bytes.fromhex(key), int(start)): int(n) for key, start, n in taken}
    return found


def _plain(one: Raise) -> list[Any]:
    share, limits, accounts = one
    by_account = [[list(place), list(amounts.values())] for place, amounts in accounts.items()]
    return [list(share.values()), list(limits.values()), by_account]


def _raise(share: Any, limits: Any, accounts: Any = ()) -> Raise:
    """As it was kept; until 0.1, no problem had more than one account."""
    by_account = {tuple(place): _amounts(amounts) for place, amounts in accounts}
    return _amounts(share), _amounts(limits), by_account


def _amounts(values: Sequence[float]) -> dict[Unit, float]:
    return {u: float(value) for u, value in zip(UNITS, values, strict=True)}
