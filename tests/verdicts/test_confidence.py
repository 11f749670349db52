"""Confidence of token probabilities, against values worked out by hand and by brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.core import TokenLogprob
from ttc.verdicts.confidence import (
    bottom_mean,
    group_means,
    measured,
    self_certainty,
    token_confidences,
)


def place(*logprobs):
    """A token whose alternatives have these log-probabilities."""
    return TokenLogprob("t", logprobs[0], {str(i): p for i, p in enumerate(logprobs)})


# Token confidences 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 of two alternatives each.
TEN = [place(-0.5 * i, -1.5 * i) for i in range(1, 11)]


def test_a_tokens_confidence_is_minus_the_mean_of_its_top_k():
    tokens = [place(-0.1, -2.3, -3.0), place(-5.0, -0.3)]
    assert token_confidences(tokens, 2) == pytest.approx([1.2, 2.65])
    assert token_confidences(tokens, 20) == pytest.approx([1.8, 2.65])
    assert token_confidences([TokenLogprob("t", -1.0), place(math.nan, -3.0)], 20) == [3.0]


@pytest.mark.parametrize(
    ("how", "window", "value"),
    [
        ("mean", 3, 5.5),
        ("tail", 3, 9.0),
        ("tail", 2048, 5.5),
        ("lowest_group", 3, 2.0),  # of 1, 2, 3
        ("lowest_group", 2048, 5.5),  # no window is as long
        ("bottom_groups", 3, 2.0),  # a tenth of 8 windows is one
        ("bottom_groups", 10, 5.5),
    ],
)
def test_the_measures_of_deepconf(how, window, value):
    assert measured(TEN, how, window=window) == pytest.approx(value)


def test_the_bottom_is_a_share_of_the_groups():
    assert measured(TEN, "bottom_groups", window=1, share=0.3) == pytest.approx(2.0)  # 1, 2, 3
    assert bottom_mean([4.0, 1.0, 3.0, 2.0], 0.6) == pytest.approx(1.5)  # 2.4 are 2 groups


@given(st.lists(st.floats(0, 30), min_size=1, max_size=40), st.integers(1, 45))
def test_groups_are_sliding_windows(values, window):
    found = group_means(values, window)
    if len(values) <= window:
        expected = [np.mean(values)]
    else:
        expected = [np.mean(values[i : i + window]) for i in range(len(values) - window + 1)]
    assert found == pytest.approx(expected, abs=1e-9)


def test_self_certainty_is_the_divergence_of_uniform_from_the_distribution():
    # All four tokens of a vocabulary: -1/4 sum log(4 p)
    p = [0.7, 0.1, 0.1, 0.1]
    expected = -sum(math.log(4 * x) for x in p) / 4
    tokens = [place(*map(math.log, p))]
    for vocabulary in (4, None):
        assert self_certainty(tokens, 20, vocabulary) == pytest.approx(expected)
    even = [place(*[math.log(0.25)] * 4)]
    assert self_certainty(even, 20, 4) == pytest.approx(0.0)
    assert self_certainty(tokens + even, 20, 4) == pytest.approx(expected / 2)


def test_unlisted_tokens_share_what_is_left_evenly():
    # 0.7 and 0.1 are listed; 0.2 is left for 8 others, 0.025 each
    tokens = [place(math.log(0.7), math.log(0.1))]
    expected = -(math.log(7) + math.log(1) + 8 * math.log(0.25)) / 10
    assert self_certainty(tokens, 20, 10) == pytest.approx(expected)


@given(st.lists(st.floats(0.01, 1.0), min_size=5, max_size=12), st.integers(1, 4))
def test_what_is_known_of_it_is_never_too_much(weights, top):
    p = np.sort(np.array(weights) / sum(weights))[::-1]
    whole = [place(*np.log(p))]
    exact = self_certainty(whole, 20, len(p))
    assert exact == pytest.approx(-np.mean(np.log(len(p) * p)), abs=1e-9)
    assert self_certainty(whole, top, len(p)) <= exact + 1e-9


def test_over_the_alternatives_alone_the_distribution_is_theirs():
    tokens = [place(math.log(0.6), math.log(0.2))]
    expected = -(math.log(2 * 0.75) + math.log(2 * 0.25)) / 2
    assert self_certainty(tokens, 20, None) == pytest.approx(expected)


def test_without_alternatives_there_is_no_measure():
    for how in ("mean", "tail", "bottom_groups", "lowest_group", "self_certainty"):
        assert measured([TokenLogprob("t", -1.0)], how) is None
        assert measured([], how) is None


def test_a_certain_model_has_a_finite_certainty():
    assert math.isfinite(self_certainty([place(0.0, -40.0)], 20, 1000))
