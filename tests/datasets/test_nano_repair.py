"""Broken functions as problems: hidden tests grade, public ones and the program are metadata."""

import json

from ttc.datasets.nano_repair import NanoRepair
from ttc.nano.repair.running import Outcome, compiled

PROBLEMS = NanoRepair(problems=12, public=3, hidden=10).load()


def test_hidden_tests_are_gold_and_none_of_them_is_public():
    for problem in PROBLEMS:
        gold = json.loads(problem.answer)
        public = [repr(test) for test in problem.metadata["tests"]]
        assert len(public) <= 3
        assert gold["entry_point"] == problem.metadata["entry_point"]
        assert len(gold["tests"]) >= 5
        assert not set(public) & {repr(test) for test in gold["tests"]}
        assert problem.answer not in problem.question


def test_the_program_fails_its_first_public_test_and_some_hidden_one():
    for problem in PROBLEMS:
        broken = compiled(problem.metadata["program"].split("\n"))
        arguments, value = problem.metadata["tests"][0]
        assert not broken(arguments).same(Outcome(value))
        hidden = json.loads(problem.answer)["tests"]
        assert not all(broken(a).same(Outcome(v)) for a, v in hidden)


def test_kinds_take_turns_and_a_longer_list_begins_with_a_shorter():
    assert [p.metadata["templates"] for p in PROBLEMS[:4]] == ["known", "unseen"] * 2
    assert [p.id for p in NanoRepair(problems=6).load()] == [p.id for p in PROBLEMS[:6]]
    assert len({p.id for p in PROBLEMS}) == 12
    assert PROBLEMS[0].question != NanoRepair(problems=1, seed=1).load()[0].question
    only = NanoRepair(problems=2, templates="unseen").load()
    assert [p.metadata["templates"] for p in only] == ["unseen", "unseen"]
