"""What a search answers with while it goes on."""

import pytest
from attempts import attempt_of
from writers import Writer

from ttc.core import Problem
from ttc.samplers.independent import Independent
from ttc.samplers.search.leading import Leading


def said(choose, *found):
    """Indices of what the attempt answered, after solutions with answers and scores."""
    attempt = attempt_of(Independent(), Problem("p", "?", ""), Writer(lambda *_: ""))
    leading = Leading(choose)
    for answer, score in found:
        leading.add(attempt, attempt.solution(f"\\boxed{{{answer}}}" if answer else "-", []), score)
    return [one.solution_index for one in attempt._record.answers()]


@pytest.mark.parametrize(
    ("choose", "found", "answers"),
    [
        ("best", [("1", 0.5), ("2", 0.5), ("3", 0.6), ("4", None), ("5", 0.2)], [0, 2]),
        ("best", [("1", None), ("2", None), ("3", 0.0)], [0, 2]),
        ("vote", [("1", 0.5), ("2", 0.3), ("2", 0.3), ("1", 0.1), ("1", 0.1)], [0, 1, 0]),
        ("vote", [("1", None), ("2", None), ("2", None)], [0, 1]),
        ("vote", [("", 0.9), ("1", 0.1)], [0, 1]),
        ("vote", [("1", 0.4), ("", 0.9)], [0]),
        ("vote", [("1", 0.0), ("2", 0.0), ("2", 0.0)], [0, 1]),
    ],
)
def test_the_answer_so_far(choose, found, answers):
    assert said(choose, *found) == answers
