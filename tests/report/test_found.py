"""What is said last of a run, on rows whose figures are known."""

from __future__ import annotations

from typing import Any

import pytest

from ttc.report.found import found_lines


def row(policy: str, S: int | None, success: float, tokens: float, **more: Any) -> dict[str, Any]:
    """A row of `curves`, with an interval of 0.1 about its success."""
    limits = {"ci_low": success - 0.05, "ci_high": success + 0.05}
    plain = {"verifier": None, "V": 0, "cap": None, "estimator": "exact", **limits}
    return {"policy": policy, "S": S, "success": success, "tokens": tokens, **plain, **more}


VOTES = [row("majority", 1, 0.5, 10.0), row("majority", 8, 0.6, 80.0)]
BOUND = row("oracle", 8, 0.9, 80.0)


def judged(policy: str, success: float) -> dict[str, Any]:
    return row(policy, 8, success, 240.0, verifier="genrm", V=4)


def test_a_vote_alone_and_what_choosing_could_gain():
    text = " ".join(found_lines([*VOTES, BOUND], "a run"))
    assert "A vote over 8 solutions answers 60.0 % (55.0 to 65.0)" in text
    assert "one solution 50.0 % (45.0 to 55.0)" in text
    assert "a right one is found for 90.0 %" in text
    assert "ttc metrics 'a run'" in text


def test_verifiers_are_told_with_what_they_cost_and_how_many_they_were_chosen_from():
    rows = [*VOTES, BOUND, judged("best_of_n", 0.65), judged("weighted_majority", 0.7)]
    text = " ".join(found_lines(rows, "r"))
    assert "weighted majority by genrm answers 70.0 %" in text
    assert "S = 8, V = 4, the highest of 2 choices by verifiers, for 3 times the vote" in text
    assert "single cells on these problems" in text
    assert "ttc fit-scaling r, out of bag for the best S and V of a policy; beside" in text
    assert text.endswith("for the best policy too: ttc compare r RUN.")
    assert "90.0 %" not in text  # what nobody could choose by is not what was found


def test_the_highest_is_by_no_more_than_order():
    """Nothing is chosen by success within a policy: it stands at its most solutions."""
    assert "60.0 %" in found_lines([row("majority", 4, 0.99, 40.0), *VOTES], "r")[0]


def test_a_sampler_that_gives_one_answer():
    rows = [
        row("first", None, success, tokens, cap=cap, estimator="measured", V=None)
        for success, tokens, cap in ((0.4, 90.0, 100.0), (0.55, 180.0, 200.0))
    ]
    text = " ".join(found_lines(rows, "r"))
    assert "answers 55.0 % (50.0 to 60.0) of problems right, for 180 tokens" in text
    assert "ttc compare r RUN" in text


@pytest.mark.parametrize("rows", [[], [BOUND]])
def test_nothing_is_said_of_nothing(rows):
    assert found_lines(rows, "r") == []


def test_one_solution_and_few_problems_have_no_interval():
    rows = [row("first", 1, 0.5, 10.0, ci_low=float("nan"), ci_high=float("nan"))]
    assert found_lines(rows, "r")[0].startswith("One solution answers 50.0 % of problems right;")
