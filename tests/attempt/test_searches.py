"""Step searches on the embedded models: whatever comes late, the same calls and answers.

No limit is passed, and what `samples` says was used is what the ledger says (see `test_methods`).
"""

from __future__ import annotations

import pytest
from methods.plugin import PARTS
from methods.recipes import SEARCHES, check_limits, ran

BUDGETS = {
    "a step or two": {"per_problem": {"tokens": 80}},
    "some solutions": {"per_problem": {"tokens": 220}},
    "few calls for all": {"per_run": {"calls": 90}},
}
searches = pytest.mark.parametrize("method", SEARCHES)


@pytest.fixture(autouse=True)
def _methods(own_parts):
    own_parts(*PARTS)


@searches
def test_late_replies_change_nothing(tmp_path, method):
    one, two = (
        ran(tmp_path / f"{die}", method, die=die, most=0.01, engine={"concurrency": calls})
        for die, calls in ((1, 32), (2, 2))
    )
    one.check_sums()
    one.check_same(two)
    assert one.manifest["status"] == "complete"
    assert one.tables["samples"]["number"].size > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", BUDGETS)
@searches
def test_nor_do_they_within_a_budget(tmp_path, method, name):
    one, two = (
        ran(
            tmp_path / f"{die}",
            method,
            die=die,
            most=0.01,
            budget=BUDGETS[name],
            cost={"shared_prompt": "once"},
            engine=engine,
        )
        for die, engine in ((1, {"concurrency": 1}), (2, {"concurrency": 32}))
    )
    for found in (one, two):
        found.check_sums()
        check_limits(found, BUDGETS[name])
    one.check_same(two)
    assert one.manifest["status"] == "budget"
