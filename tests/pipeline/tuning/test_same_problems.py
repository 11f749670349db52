"""A problem is known by its question, whatever a run calls it."""

import pytest

from ttc.core import Problem
from ttc.pipeline.tuning.file import Tuned, digests, shared


def tuned_on(*problems):
    return Tuned(run="r", seed=0, problems=digests(problems), others=1)


@pytest.mark.parametrize(
    ("question", "answer", "same"),
    [
        ("How many is 2 + 2?", "4", True),
        ("how many  is 2 + 2?\n", "4.0", True),
        ("How many is 2 + 3?", "4", False),
    ],
)
def test_another_id_or_spelling_of_the_answer_is_the_same_problem(question, answer, same):
    file = tuned_on(Problem("1", "How many is 2 + 2?", "4"))
    found = shared(file, [Problem("7", question, answer)])
    assert found == (frozenset({"7"}) if same else frozenset())


def test_problems_without_questions_are_told_by_id_and_answer():
    file = tuned_on(Problem("a", "", "4"))
    assert shared(file, [Problem("a", "", "4"), Problem("b", "", "4")]) == {"a"}
