"""What a run's last round admitted is there again for a new try, with its branches."""

from __future__ import annotations

import math

import pytest

from ttc.budget.account import Account, Book
from ttc.budget.cost import UNITS
from ttc.engine.billing import keep_last_round, read_last_round
from ttc.engine.side_tables import opened

LIMITS = dict.fromkeys(UNITS, math.inf) | {"tokens": 100.0}


@pytest.fixture
def accounts() -> dict[tuple, Account]:
    book = Book(dict(LIMITS))
    solver = book.open(("solve",), 1.0, 2.0)
    solver.take(b"\x00key", 3, 4)
    book.split(("solve",), {("solve", 0): 0.5, ("solve", 1): 0.5})
    book.accounts["solve", 1].take(b"other", 0, 1)
    book.accounts["solve", 1].settle(dict.fromkeys(UNITS, 0.0), dict.fromkeys(UNITS, 2.5))
    return book.accounts


def test_accounts_come_back_as_they_were(tmp_path, accounts):
    journal = tmp_path / "journal.sqlite"
    keep_last_round(journal, "run", {"p": accounts})
    keep_last_round(journal, "another", {"p": {}})
    (found,) = read_last_round(journal, "run").values()
    assert list(found) == list(accounts)
    for place, account in accounts.items():
        again = found[place]
        assert (again.limits, again.settled) == (account.limits, account.settled)
        assert (again.taken, again.part, again.begun) == (
            account.taken,
            account.part,
            account.begun,
        )
    assert found["solve", 1].parent is found["solve",]


def test_what_was_kept_first_gives_way(tmp_path, accounts):
    journal = tmp_path / "journal.sqlite"
    keep_last_round(journal, "run", {"p": {}})
    keep_last_round(journal, "run", {"p": accounts})
    assert list(read_last_round(journal, "run")["p"]) == list(accounts)


@pytest.mark.parametrize("content", ["", "{}", "[[1]]", '[[["a"], ["b"], 1, 1, [], [], []]]'])
def test_what_can_t_be_read_is_left_out(tmp_path, content):
    journal = tmp_path / "journal.sqlite"
    keep_last_round(journal, "run", {"p": {}})
    with opened(journal, "") as connection:
        connection.execute("UPDATE last_rounds SET accounts = ?", (content,))
    assert not read_last_round(journal, "run").get("p")
