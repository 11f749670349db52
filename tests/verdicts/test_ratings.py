"""Ratings on a scale, and their expectation over the score tokens."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import TokenLogprob
from ttc.verdicts.ratings import expected_rating, find_rating


def token(text, **ps):
    top = {" " + k.strip("_"): math.log(p) for k, p in ps.items()}
    return TokenLogprob(text, top.get(text, -0.1), top)


def test_the_expectation_by_hand():
    at = token(" 4", _2=0.1, _4=0.6, _5=0.3)
    assert expected_rating(" 4", [at], "1-5") == pytest.approx((0.1 * 1 + 0.6 * 3 + 0.3 * 4) / 4)


def test_mass_on_no_number_of_the_scale_is_left_out():
    at = token(" 4", _4=0.3, _2=0.1, _9=0.2, so=0.2)
    assert expected_rating(" 4", [at], "1-5") == pytest.approx((0.3 * 0.75 + 0.1 * 0.25) / 0.4)


def test_ten_may_be_one_token():
    at = token(" 10", _10=0.5, _1=0.25, _0=0.25)
    assert expected_rating(" 10", [at], "0-10") == pytest.approx(0.5 + 0.025)


@pytest.mark.parametrize(("behind", "number"), [("0", 1.0), (".", 0.1)])
def test_a_1_that_may_begin_10_is_what_is_written(behind, number):
    tokens = [token(" 1", _1=0.5, _9=0.5), TokenLogprob(behind, -0.1, {})]
    expected = (0.5 * number + 0.5 * 0.9) / 1
    assert expected_rating(f" 1{behind}", tokens, "0-10") == pytest.approx(expected)


def test_a_1_beside_another_number_is_left_out():
    at = token(" 9", _1=0.5, _9=0.25, _7=0.25)
    assert expected_rating(" 9", [at], "0-10") == pytest.approx(0.8)


@pytest.mark.parametrize(("text", "score"), [(" 5", 1.0), ("Rating: 1", 0.0), ("4/5", 0.75)])
def test_without_probabilities_it_is_the_number(text, score):
    assert expected_rating(text, [], "1-5") == score


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 4", 4),
        ("**4**", 4),
        ("4/5", 4),
        ("4 out of 5 steps hold.\nScore: 2", 2),
        ("Score: 3. The rating is 4", 4),
        ("So \\boxed{3}", 3),
        ("Score: \\boxed{2}", 2),
        ("Rating: 5\nI changed my mind. Rating: 1", 1),
        ("7", None),
        ("Score: 45", None),
        ("4.5", None),
        ("4/7", None),
        ("40%", None),
        ("It has 4 steps", None),
        ("<think>Score: 4", None),
        ("<think>Score: 4</think>2", 2),
        ("", None),
    ],
)
def test_where_a_text_says_its_score(text, number):
    found = find_rating(text, 1, 5)
    assert (None if found is None else int(found.word)) == number
    if found is not None:
        assert text[found.start : found.end] == found.word


@given(st.lists(st.floats(0.001, 1), min_size=5, max_size=5), st.integers(1, 5))
def test_it_is_the_mean_of_the_normalised_distribution(ps, said):
    top = {f" {n}": math.log(p / sum(ps)) for n, p in enumerate(ps, 1)}
    at = TokenLogprob(f" {said}", top[f" {said}"], top)
    expected = sum(n * p for n, p in enumerate(ps)) / sum(ps) / 4
    assert expected_rating(f" {said}", [at], "1-5") == pytest.approx(expected)
