"""Populations: who has children, who stays, what is told, who is paid nothing."""

from dataclasses import replace

import pytest
from repairing import BROKEN, SQUARE, check_budget, repaired, run_small, tables

from ttc.core import Problem
from ttc.errors import DataError
from ttc.samplers.evolve import Evolve
from ttc.samplers.search.population import Member, Population
from ttc.unit_tests.fitness import Trial
from ttc.unit_tests.running import Pair, Result

CHAT = ({"prompt": "mutate"},)


def fenced(program):
    return f"```python\n{program}\n```"


def returning(value):
    return fenced(f"def f(x):\n    return {value}")


def evolve(says, problem=SQUARE, limit=None, **settings):
    given = {"mutations": CHAT, "children": 2, "generations": 3, "population": 3, "elites": 1}
    return repaired(Evolve(**given | settings), says, problem, limit)


def test_a_better_child_is_the_next_parent():
    """x + x passes none of the tests that are shown, the child one of both kinds."""
    better = "abs(x) * 3 if x > 0 else x * x"

    def says(text, number):
        if better in text:
            return returning("x * x")
        return returning(better) if number == 0 else returning("0")

    (found,), answered, writer = evolve(says, tournament=8)
    assert found.text == returning("x * x")
    assert answered[0] == returning(better)
    assert BROKEN in writer.asked[0][0]
    assert "f(3) gave 6, not 9\nf(5) gave 10, not 25" in writer.asked[0][0]
    assert "f(2)" not in writer.asked[0][0], "the other half is held back"


def test_patches_rewrite_their_parent():
    says = lambda *_: " 3\nRewrite:    return x * y"  # noqa: E731
    (found,), _, writer = evolve(says, mutations=({"prompt": "nano-mutate"},))
    assert found.text == fenced("def f(x):\n    y = x\n    return x * y")
    assert writer.asked[0][0] == (
        "Fails: f(3) gave 6, not 9\nProgram:\n1 def f(x):\n2     y = x\n3     return x + y\n"
        "Fault in line:"
    )
    assert len(writer.asked) == 1, "accepted at once"


CHEATS = {
    "hard-codes what it was told": "def f(x):\n    return {3: 9, 5: 25}.get(x)",
    "leaves": "import os\ndef f(x): os._exit(0)",
    "lies when compared": (
        "class Any(int):\n    def __eq__(self, o): return True\ndef f(x): return Any(1)"
    ),
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_is_never_preferred_to_an_honest_try(cheat):
    honest = "def f(x):\n    return abs(x * x) if x > 2 else 4 * x"  # wrong of 2 and of -4

    def says(_, number):
        return fenced(CHEATS[cheat]) if number % 2 else fenced(honest)

    three = replace(
        SQUARE, metadata=SQUARE.metadata | {"tests": [*SQUARE.metadata["tests"], [[7], 49]]}
    )
    (found,), _, _ = evolve(says, three)
    assert found.text == fenced(honest)


@pytest.mark.parametrize("shown", [0.5, 1.0])
@pytest.mark.parametrize("tests", [[[[3], 9]], [[[3], 9], [[5], 25]]])
def test_one_test_is_held_back_however_few_there_are(tests, shown):
    few = replace(SQUARE, metadata=SQUARE.metadata | {"tests": tests})
    learned = returning("{3: 9}.get(x)") if len(tests) > 1 else returning("9")
    _, _, writer = evolve(lambda *_: learned, few, shown=shown, generations=1)
    told = writer.asked[0][0]
    assert "f(5)" not in told
    assert ("f(3) gave 6" in told) == (len(tests) > 1)


def test_a_program_that_learned_what_it_was_told_is_told_one_test_more():
    asked = []

    def says(text, number):
        asked.append(text)
        return returning("{3: 9, 5: 25}.get(x)") if len(asked) <= 2 else returning("x ** 2")

    (found,), _, _ = evolve(says, tournament=8, elites=3, mutations=({"prompt": "mutate"},))
    assert found.text == returning("x ** 2")


def test_elites_stay_and_of_equals_the_first():
    trial = Trial([Pair("f", (n,), n) for n in range(4)], {0, 1})

    def member(name, *passed):
        return Member(name, Result(tuple("" if one else "no" for one in passed)))

    best, good = member("best", 1, 1, 1, 1), member("good", 1, 0, 1, 0)
    bad, same = member("bad", 1, 1, 0, 0), member("same", 0, 1, 1, 0)
    population = Population(trial, [bad, good])
    assert population.rating(bad).score == 0, "shown tests alone count nothing"
    population.admit([same], size=3, elites=1)
    assert [one.program for one in population.members] == ["good", "same", "bad"]
    population.admit([best, bad], size=2, elites=1)
    assert [one.program for one in population.members] == ["best", "good"]


@pytest.mark.parametrize(("limit", "answers"), [(0, 0), (1, 1)])
def test_a_budgets_end_answers_with_what_there_is(limit, answers):
    found, _, _ = evolve(lambda *_: returning("x"), limit=limit)
    assert len(found) == answers


def test_what_a_problem_lacks_is_told():
    for key, message in {
        "tests": "has no 'tests' among its metadata",
        "program": "has no 'program' among",
    }.items():
        metadata = {k: v for k, v in SQUARE.metadata.items() if k != key}
        with pytest.raises(DataError, match=message):
            evolve(lambda *_: "", Problem("p", "q", "", metadata=metadata))
    with pytest.raises(DataError, match="has no 'reference'"):
        evolve(lambda *_: "", speed=0.5)


def test_faster_programs_win_where_speed_is_asked():
    slow = (
        "def f(x):\n    return sum(x for _ in range(abs(x) * 9000)) // 9000 * (1 if x > 0 else 1)"
    )
    metadata = SQUARE.metadata | {"reference": slow, "program": slow}
    problem = Problem("p", "Square.", "", metadata=metadata)
    says = lambda _, number: fenced(slow + "\n" * number) if number else returning("x * x")  # noqa: E731
    (found,), _, _ = evolve(says, problem, speed=0.5, generations=1)
    assert found.text == returning("x * x")


def test_the_embedded_network_evolves_repairs(tmp_path):
    found = tables(run_small(tmp_path, "repair/evolve", "sampler.generations=2"))
    assert found["solutions"].query("returned")["correct"].any()


def test_within_a_budget(tmp_path):
    check_budget(tmp_path, "repair/evolve", 300)
