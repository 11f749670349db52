"""Heimdall: a long check whose last line is `Answer: 1` or `Answer: 0`."""

import pytest
from writers import Writer, verify, written

from ttc.verdicts.answer_line import find_answer_line
from ttc.verifiers.heimdall import Heimdall

P = {"prompt": "nano-heimdall", "verifications": 4}


def test_the_score_is_the_mean_of_the_verdicts():
    judge = Writer(lambda _, i: f"I get 4. Answer: 3 is wrong.\nAnswer: {int(i != 2)}")
    found = verify(Heimdall(**P), judge, ["2+3=5\n5-1=4"])
    assert [v.score for v in found] == [1.0, 1.0, 0.0, 1.0]
    assert [v.verdict for v in found] == [True, True, False, True]
    assert sum(v.score for v in found) / 4 == 0.75
    assert judge.asked[0][1].logprobs is None
    assert judge.asked[0][0].endswith("Solution:\n2+3=5\n5-1=4\nCheck the answer.\n")


@pytest.mark.parametrize(("mode", "score"), [("logprob", 0.2), ("hybrid", 0.2), ("binary", 0.0)])
def test_p_of_1_at_the_verdict(mode, score):
    said = written("So.\nAnswer: 0", at="0", _1=0.2, _0=0.7, _2=0.1)
    (found, *_) = verify(Heimdall(**P, score=mode), Writer(lambda *_: said), ["4"])
    assert found.score == pytest.approx(score)
    assert found.verdict is False


def test_the_thinking_part_of_a_solution_is_not_shown():
    judge = Writer(lambda *_: "Answer: 1")
    verify(Heimdall(**P), judge, ["<think>5? No, 4.</think>It is 4."])
    assert "No, 4" not in judge.asked[0][0]
    assert "Solution:\nIt is 4.\n" in judge.asked[0][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Answer: 1", True),
        ("**Answer: 0**", False),
        ("> Final Answer: $\\boxed{1}$.", True),
        ("It ends in\nAnswer: 1\nwhich is wrong.\nAnswer: 0", False),
        ("Answer: 1\nAnswer: 42", None),  # the solution's line, repeated at the end
        ("Answer: 10", None),
        ("Answer: 1/2", None),
        ("Answer: 1.5", None),
        ("Answer: 1 + 1", None),
        ("I would say: the answer: 1", None),
        ("Answer: 1 or 0", None),
        ("<think>Answer: 1", None),
        ("<think>Answer: 1</think>\nAnswer: 0", False),
        ("", None),
    ],
)
def test_verdict_lines(text, says):
    found = find_answer_line(text)
    assert (None if found is None else found.says) is says


def test_a_thought_that_the_prompt_opens_and_nothing_closes_has_no_verdict(tmp_path):
    prompt = tmp_path / "p.yaml"
    prompt.write_text('text: "{{ question }} {{ solution }} <think>"')
    part = Heimdall(prompt=str(prompt), verifications=1)
    (cut,) = verify(part, Writer(lambda *_: "Answer: 1"), ["4"])
    (whole,) = verify(part, Writer(lambda *_: "Answer: 1</think>\nAnswer: 0"), ["4"])
    assert (cut.verdict, cut.score) == (None, None)
    assert (whole.verdict, whole.score) == (False, 0.0)


def test_where_the_budget_ends_there_are_fewer():
    found = verify(Heimdall(**P), Writer(lambda *_: "Answer: 1", limit=6), ["4", "5"])
    assert [(v.solution_index, v.index) for v in found] == [(0, i) for i in range(4)] + [
        (1, 0),
        (1, 1),
    ]
