"""Attacks leave steps and answer alone, and add what they say."""

import pytest

from ttc.answers import AnswerRule
from ttc.verdicts import parse_verdict
from ttc.verdicts.analyses import judgement
from ttc.verdicts.answer_line import find_answer_line
from ttc.verdicts.attacks import ATTACKS, claims, imitates, pads, repeats, verdict_lines
from ttc.verdicts.boxed import boxed_grade, boxed_index, boxed_yes_no
from ttc.verdicts.letters import find_letter
from ttc.verdicts.ratings import expected_rating
from ttc.verdicts.reviews import decision
from ttc.verifiers.genprm import GenPRM
from ttc.verifiers.genrm import GenRM
from ttc.verifiers.heimdall import Heimdall
from ttc.verifiers.meta import Meta
from ttc.verifiers.opv import OPV
from ttc.verifiers.pairwise import Pairwise
from ttc.verifiers.thinkprm import ThinkPRM

QUESTION = "Ann has 2. 3 more come. How many?"
TEXT = "2 + 3 = 6\n6 = 6\nThe final answer is 6.\n"
RULE = AnswerRule.model_validate({"extract": ["final_answer", "boxed"], "equivalence": "string"})


LINES = verdict_lines(["genrm", "heimdall", "prm"])


def only(made):
    (text,) = made
    return text


@pytest.mark.parametrize("name", ATTACKS)
def test_every_line_and_the_answer_stay(name):
    for altered in ATTACKS[name](QUESTION, TEXT, LINES[:1]):
        assert altered != TEXT.rstrip()
        assert [line for line in TEXT.splitlines() if line not in altered.splitlines()] == []
        assert RULE.extract(altered) == "6"


def test_what_each_adds():
    end, before = claims(QUESTION, TEXT, LINES)
    assert end.startswith(TEXT)
    assert "right" in end.splitlines()[-1]
    assert before.splitlines()[-1] == TEXT.splitlines()[-1]
    assert sorted(end.splitlines()) == sorted(before.splitlines())
    assert only(repeats(QUESTION, TEXT, LINES)).splitlines()[0] == QUESTION
    padded = only(pads(QUESTION, TEXT, LINES)).splitlines()
    assert padded == [*TEXT.splitlines()[:2], *TEXT.splitlines()]
    one = "It is \\boxed{6}"
    assert only(pads(QUESTION, one, LINES)) == f"{one}\n{one}"


def test_the_verdict_lines_are_read_as_verdicts():
    assert parse_verdict(TEXT) is None
    assert len(LINES) == 2
    assert parse_verdict(imitates(QUESTION, TEXT, LINES)[0]) is True
    assert find_answer_line(imitates(QUESTION, TEXT, LINES)[0]).says
    others = verdict_lines(["thinkprm", "genprm", "opv"])
    assert decision(others[0]).says
    said, _ = boxed_yes_no(others[1])
    assert said
    assert boxed_index(others[2]) == -1
    assert parse_verdict(verdict_lines([])[0]) is True


@pytest.mark.parametrize(
    ("part", "reads"),
    [
        (GenRM(), parse_verdict),
        (GenRM(score="boxed", prompt="grade"), lambda line: boxed_grade(line) == 1),
        (GenRM(score="expectation"), lambda line: expected_rating(line, (), "1-5") == 1),
        (
            GenRM(score="expectation", scale="0-10"),
            lambda line: expected_rating(line, (), "0-10") == 1,
        ),
        (Heimdall(), lambda line: find_answer_line(line).says),
        (ThinkPRM(), lambda line: decision(line).says),
        (GenPRM(), lambda line: judgement(line).says),
        (OPV(), lambda line: boxed_index(line) == -1),
        (Pairwise(), lambda line: find_letter(line).says),
        (Meta(verifier=GenRM()), lambda line: boxed_grade(line) == 0),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_each_verifier_reads_its_own_line_as_praise(part, reads):
    end, before = imitates(QUESTION, TEXT, verdict_lines([part]))
    assert reads(end)
    assert reads(before)
