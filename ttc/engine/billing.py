"""The table of bills beside a journal's samples: what each run was billed, over all its tries."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from ttc.budget.cost import UNITS, Unit
from ttc.budget.rounds import Amounts, nothing

SCHEMA = """
CREATE TABLE IF NOT EXISTS bills
(run TEXT, problem TEXT, tokens REAL, flops REAL, usd REAL, calls REAL,
lost_tokens REAL, lost_flops REAL, lost_usd REAL, lost_calls REAL, PRIMARY KEY (run, problem))
WITHOUT ROWID
"""
_COLUMNS = [*UNITS, *(f"lost_{u}" for u in UNITS)]
_ADD = (
    f"INSERT INTO bills VALUES ({','.join('?' * (2 + len(_COLUMNS)))}) ON CONFLICT DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in _COLUMNS)
)
_READ = f"SELECT problem, {', '.join(_COLUMNS)} FROM bills WHERE run = ?"


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run was billed for a problem; lost: what of it brought nothing, or should not be."""

    run: str
    problem: str
    billed: Amounts
    lost: Amounts

    @property
    def row(self) -> tuple[str | float, ...]:
        amounts = [part[u] for part in (self.billed, self.lost) for u in UNITS]
        return (self.run, self.problem, *amounts)


def add_bills(connection: sqlite3.Connection, bills: Sequence[Bill]) -> None:
    """Add to what is there, within the caller's transaction."""
    connection.executemany(_ADD, [bill.row for bill in bills])


def read_bills(
    connection: sqlite3.Connection, run: str
) -> tuple[dict[str, dict[Unit, float]], dict[str, dict[Unit, float]]]:
    """What a run was billed, and what of that was lost, by problem."""
    billed, lost = {}, {}
    for problem, *amounts in connection.execute(_READ, (run,)):
        if all(isinstance(amount, int | float) for amount in amounts):
            billed[problem] = nothing() | dict(zip(UNITS, amounts[:4], strict=True))
            lost[problem] = nothing() | dict(zip(UNITS, amounts[4:], strict=True))
    return billed, lost
