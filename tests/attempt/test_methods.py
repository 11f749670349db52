"""Four methods of very different kind, written as a user would, on the embedded models.

However late replies come and however many calls are under way, they make the same calls and give
the same answers; no limit is passed, and what `samples` says was used is what the ledger says.
"""

from __future__ import annotations

import pytest
from methods.plugin import PARTS
from methods.recipes import METHODS, check_limits, ran

BUDGETS = {
    "a sample for each": {"per_problem": {"tokens": 150}},
    "some samples for each": {"per_problem": {"tokens": 300}},
    "hardly binding": {"per_problem": {"tokens": 600}},
    "a sample for some": {"per_run": {"tokens": 240}},
    "some samples for all": {"per_run": {"tokens": 1000}},
    "never binding": {"per_run": {"tokens": 20_000, "calls": 1000}},
    "few calls": {"per_problem": {"calls": 4}},
    "few calls for all": {"per_run": {"calls": 19}},
    "three limits": {"per_problem": {"tokens": 260}, "per_run": {"tokens": 600, "calls": 30}},
}
SHARED = ["never binding", "some samples for each", "a sample for some", "few calls for all"]


@pytest.fixture(autouse=True)
def _methods(own_parts):
    own_parts(*PARTS)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_late_replies_change_nothing(tmp_path, method):
    one, two, three = (
        ran(tmp_path / f"{die}", method, die=die, engine={"concurrency": calls})
        for die, calls in ((1, 32), (2, 32), (3, 1))
    )
    one.check_sums()
    one.check_same(two)
    one.check_same(three)
    assert one.manifest["status"] == "complete"
    assert one.tables["samples"]["number"].size > 20


@pytest.mark.slow
@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("method", METHODS)
def test_nor_do_they_within_a_budget(tmp_path, method, name):
    budget, shared = BUDGETS[name], name in SHARED
    cost = {"shared_prompt": "once" if shared else "per_sample"}
    one, two = (
        ran(
            tmp_path / f"{die}", method, die=die, most=0.02, budget=budget, cost=cost, engine=engine
        )
        for die, engine in ((1, {"concurrency": 1}), (2, {"concurrency": 32}))
    )
    for found in (one, two):
        found.check_sums()
        check_limits(found, budget, shared)
    one.check_same(two)
    assert (one.manifest["status"] == "complete") == (name == "never binding")


def test_a_method_is_a_short_file(request):
    for part in PARTS[:2]:
        file = (
            request.config.rootpath / "tests/helpers" / (part.__module__.replace(".", "/") + ".py")
        )
        assert len(file.read_text().splitlines()) < 80
