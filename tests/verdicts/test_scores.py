"""Verdicts and scores as people's models really write them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import TokenLogprob
from ttc.verdicts import p_yes_at_verdict, parse_verdict, score

ASK = "Is the answer correct (Yes/No)?"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"2+2=4.\n{ASK} Yes", True),
        (f"{ASK} no.", False),
        ("Verification: Is the solution correct (yes/no)? YES", True),
        (f"{ASK} **Yes**", True),
        (f"**{ASK}** No", False),
        (rf"{ASK} $\boxed{{\text{{No}}}}$", False),
        (rf"{ASK} \boxed{{Yes}}", True),
        (f"{ASK} `Yes`", True),
        (f"{ASK} No\nWait, once more.\n{ASK} Yes", True),
        (f"{ASK} Yes\n{ASK} No", False),
        (f"<think>{ASK} Yes</think>\n{ASK} No", False),
        (f"<think>{ASK} Yes</think>\nI am not sure.", None),
        ("Status: CORRECT", True),
        ("**Assessment:** incorrect", False),
        ("Status: Incorrect\nassessment: correct", True),
        ("Yes", None),
        (f"{ASK} Maybe", None),
        (f"{ASK} Nothing", None),
        ("", None),
    ],
)
def test_verdict_of_a_text(text, verdict):
    assert parse_verdict(text) is verdict


@given(st.text())
def test_any_text_has_a_verdict_or_none(text):
    assert parse_verdict(text) in (True, False, None)


def token(text, p, **top):
    logs = {word.replace("_", " "): math.log(q) for word, q in top.items()}
    return TokenLogprob(text, math.log(p), logs)


@pytest.mark.parametrize(
    ("tokens", "p"),
    [
        ([token(" Yes", 0.8)], 0.8),
        ([token(" No", 0.9)], 0.1),
        ([token(" Yes", 0.6, _Yes=0.6, _No=0.3)], 0.6),
        ([token(" No", 0.6, _No=0.6, _Yes=0.3)], 0.3),
        ([token(" Yes", 0.5, _Yes=0.5, yes=0.25, YES=0.125, _No=0.1)], 0.875),
        ([token(" No", 0.5, _No=0.5, no=0.25)], 0.25),
        ([token("Yes", 0.9), token(" No", 0.7, _Yes=0.2), token(".", 0.9)], 0.2),
        ([token("Maybe", 0.9, Yes=0.1)], None),
        ([], None),
    ],
)
def test_probability_of_yes(tokens, p):
    assert p_yes_at_verdict(tokens) == (None if p is None else pytest.approx(p))


@pytest.mark.parametrize(
    ("verdict", "p_yes", "binary", "logprob", "hybrid"),
    [
        (True, 0.3, 1.0, 0.3, 0.3),
        (False, 0.3, 0.0, 0.3, 0.3),
        (True, None, 1.0, None, 1.0),
        (False, None, 0.0, None, 0.0),
        (None, None, None, None, None),
    ],
)
def test_scores(verdict, p_yes, binary, logprob, hybrid):
    modes = [score(verdict, p_yes, mode) for mode in ("binary", "logprob", "hybrid")]
    assert modes == [binary, logprob, hybrid]


@pytest.mark.parametrize(("no", "other"), [(1e-9, 0.0), (2e-8, 0.0), (1e-9, 3e-9), (0.0, 1e-12)])
def test_a_sure_yes_is_told_by_what_its_alternatives_leave(no, other):
    """Servers compute in single precision, where log P(Yes) is 0 for all of these."""
    top = {"Yes": 0.0} | {t: math.log(p) for t, p in (("No", no), ("Well", other)) if p}
    found = p_yes_at_verdict([TokenLogprob("Yes", 0.0, top)])
    assert 1 - found == pytest.approx(no + other, rel=1e-3, abs=2e-16)


def test_alternatives_that_sum_to_more_than_one_are_not_believed_over_the_yes():
    unsound = TokenLogprob("Yes", math.log(0.9), {"Yes": math.log(0.9), "No": math.log(0.3)})
    assert p_yes_at_verdict([unsound]) == pytest.approx(0.9)
