"""Stages: who goes on, what the next one is asked, when it ends, what it answers."""

import pytest
from pydantic import ValidationError
from repairing import SQUARE, check_budget, repaired, run_small, tables

from ttc.core import Problem
from ttc.samplers.staged import Staged

LOCATE = {"name": "locate", "prompt": "nano-repair-locate", "samples": 6, "beam": 2}
PATCH = {
    "name": "patch",
    "prompt": "nano-repair-line",
    "begins": "\nRewrite:",
    "samples": 2,
    "verifier": {"type": "code"},
}
WRONG, RIGHT = "    return x - y", "    return x * y"


def writes(*lines, patches):
    """Numbers of lines in turn, then patches of each line in turn."""

    def says(text, number):
        if text.endswith("Fault in line:"):
            return lines[number % len(lines)]
        line = text.rsplit("Fault in line:", 1)[1].split("\n")[0].strip()
        return patches[line][number % 2]

    return says


def test_lines_that_most_samples_named_are_patched_in_turn_until_one_passes():
    sampler = Staged(stages=(LOCATE, PATCH))
    patches = {"2": [WRONG, "    y = 1"], "3": [WRONG, RIGHT], "1": ["", ""]}
    says = writes(" 2", " 2", " 2", " 3", " 3", " 1", patches=patches)
    (found,), answered, writer = repaired(sampler, says)
    assert found.text == " 3\nRewrite:    return x * y"
    assert [n for _, _, n in writer.asked] == [6, 2, 2]
    assert answered[-1] == found.text
    assert len(answered) == 2
    assert answered[0].startswith(" 2")


def test_an_accepted_patch_ends_the_search():
    sampler = Staged(stages=(LOCATE, PATCH))
    says = writes(" 3", patches={"3": [RIGHT, WRONG]})
    (found,), _, writer = repaired(sampler, says)
    assert found.text.endswith(RIGHT)
    assert len(writer.asked) == 2


def test_nothing_right_answers_with_what_passes_most():
    says = writes(" 3", patches={"3": ["    return x * 3", WRONG]})
    (found,), _, _ = repaired(Staged(stages=(LOCATE, PATCH)), says)
    assert found.text.endswith("return x * 3"), "right of the first of four"


def test_without_a_verifier_votes_decide_and_stages_can_write_whole_texts():
    stages = (
        {"name": "locate", "prompt": "locate", "samples": 3, "beam": 1},
        {"name": "repair", "prompt": "repair-located", "samples": 3},
    )

    def says(text, number):
        if "at most three sentences" in text:
            return ["the sum", "the sum", "the name"][number]
        assert "believes this of the fault:\nthe sum" in text
        return ["a", "b", "b"][number]

    (found,), answered, _ = repaired(Staged(stages=stages), says)
    assert found.text == "b"
    assert answered[0] == "b"


@pytest.mark.parametrize(("limit", "answers"), [(0, 0), (4, 0), (7, 1)])
def test_a_budgets_end_answers_with_what_there_is(limit, answers):
    says = writes(" 3", patches={"3": [WRONG, RIGHT]})
    found, _, _ = repaired(Staged(stages=(LOCATE, PATCH)), says, limit=limit)
    assert len(found) == answers


def test_what_a_plan_is_told():
    sampler = Staged(stages=(LOCATE, PATCH))
    assert sampler.most_samples() == {"solver": 6 + 2 * 2, "program": 4}
    with pytest.raises(ValidationError, match="two stages have the same name"):
        Staged(stages=(LOCATE, LOCATE))


def test_a_problem_without_tests_is_told():
    from ttc.errors import DataError

    bare = Problem("bare", "q", "", metadata={"program": SQUARE.metadata["program"]})
    with pytest.raises(DataError, match="problem 'bare' has no 'tests'"):
        repaired(Staged(stages=(LOCATE, PATCH)), writes(" 3", patches={"3": [RIGHT] * 2}), bare)


def test_the_embedded_network_repairs_in_stages(tmp_path):
    found = tables(run_small(tmp_path, "repair/staged"))
    assert found["solutions"].query("returned")["correct"].any()
    assert set(found["samples"]["role"].astype(str)) == {"solver", "program"}
    # A patch goes on from the prompt that its line was asked by.
    assert (found["samples"]["cached_tokens"] > 0).any()


def test_within_a_budget(tmp_path):
    check_budget(tmp_path, "repair/staged", 300)
