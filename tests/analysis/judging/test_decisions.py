"""Rates, F1 and first wrong steps by hand."""

import numpy as np
import pytest

from ttc.analysis.judging.decisions import (
    NONE_WRONG,
    UNKNOWN,
    UNNAMED,
    first_wrong_by_scores,
    first_wrong_by_vote,
    localisation,
    rates,
)


def test_rates_by_hand():
    """Three of four right ones accepted, one of two wrong ones rejected."""
    credit = np.array([1, 1, 1, 0, 1, 0.0])
    correct = np.array([True, True, True, True, False, False])
    found = rates(credit, correct)
    assert (found.all, found.right, found.wrong) == (4 / 6, 3 / 4, 1 / 2)
    assert found.balanced == 5 / 8
    assert found.f1 == pytest.approx(2 / (4 / 3 + 2))
    weighted = rates(credit, correct, np.array([[1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 3, 1.0]]))
    assert weighted.all == pytest.approx([4 / 6, 3 / 5])
    assert weighted.f1[1] == 0


def test_a_verifier_that_accepts_all_has_no_f1():
    found = rates(np.array([1.0, 0]), np.array([True, False]))
    assert (found.balanced, found.f1) == (0.5, 0)
    assert np.isnan(rates(np.ones(2), np.array([True, True])).f1)


def test_the_first_low_mean_step_is_the_wrong_one():
    nan = np.nan
    scores = np.array(
        [
            [[0.9, 0.6, 0.1], [0.9, 0.2, 0.9]],  # means 0.9, 0.4, 0.5
            [[0.9, 0.8, nan], [nan, nan, nan]],
            [[nan, nan, nan], [nan, nan, nan]],
            [[0.4, 0.9, 0.9], [0.6, 0.9, 0.1]],  # 0.5 is not below 0.5; the last step is
        ]
    )
    assert first_wrong_by_scores(scores).tolist() == [1, NONE_WRONG, UNKNOWN, NONE_WRONG]
    assert first_wrong_by_scores(scores, 0.6).tolist() == [1, NONE_WRONG, UNKNOWN, 0]


def test_votes_on_the_first_wrong_step():
    named = np.array(
        [
            [2, 2, 1],
            [3, 1, NONE_WRONG],
            [NONE_WRONG, NONE_WRONG, 0],
            [UNKNOWN, UNKNOWN, UNKNOWN],
            [UNNAMED, UNKNOWN, UNKNOWN],
            [UNNAMED, NONE_WRONG, UNKNOWN],
        ]
    )
    expected = [2, 1, NONE_WRONG, UNKNOWN, UNNAMED, NONE_WRONG]
    assert first_wrong_by_vote(named).tolist() == expected


def test_localisation_is_processbenchs_f1():
    """Of four erroneous ones two found; of two right ones one: F1 = 1/2."""
    gold = np.array([0, 1, 2, 3, NONE_WRONG, NONE_WRONG])
    found = np.array([0, 1, NONE_WRONG, 2, NONE_WRONG, UNNAMED])
    exact = localisation(found, gold)
    assert (exact.wrong, exact.right, exact.f1) == (0.5, 0.5, 0.5)
    assert localisation(found, gold, slack=1).wrong == 0.75
    assert localisation(np.full(6, UNKNOWN), gold).all == 0
