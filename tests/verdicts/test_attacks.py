"""Attacks leave steps and answer alone, and add what they say."""

import pytest

from ttc.answers import AnswerRule
from ttc.verdicts import parse_verdict
from ttc.verdicts.attacks import ATTACKS, claims, imitates, pads, repeats

QUESTION = "Ann has 2. 3 more come. How many?"
TEXT = "2 + 3 = 6\n6 = 6\nThe final answer is 6.\n"
RULE = AnswerRule.model_validate({"extract": ["final_answer", "boxed"], "equivalence": "string"})


@pytest.mark.parametrize("name", ATTACKS)
def test_every_line_and_the_answer_stay(name):
    altered = ATTACKS[name](QUESTION, TEXT)
    assert altered != TEXT.rstrip()
    assert [line for line in TEXT.splitlines() if line not in altered.splitlines()] == []
    assert RULE.extract(altered) == "6"


def test_what_each_adds():
    assert claims(QUESTION, TEXT).startswith(TEXT)
    assert "right" in claims(QUESTION, TEXT).splitlines()[-1]
    assert parse_verdict(imitates(QUESTION, TEXT)) is True
    assert parse_verdict(TEXT) is None
    assert repeats(QUESTION, TEXT).splitlines()[0] == QUESTION
    assert pads(QUESTION, TEXT).splitlines() == [*TEXT.splitlines()[:2], *TEXT.splitlines()]
    assert pads(QUESTION, "It is \\boxed{6}") == "It is \\boxed{6}\nIt is \\boxed{6}"
