"""Margins by hand and by brute force: no smaller move flips the choice, a slightly larger does."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ttc.analysis.judging.margins import best_of_n_margin, weighted_majority_margin


def winners(score, classes, rule):
    """The answers that the rule may choose, ties included."""
    merit = {c: rule(score[classes == c]) for c in set(classes.tolist()) if c >= 0}
    best = max(merit.values())
    return {c for c, m in merit.items() if m >= best - 1e-12}


RULES = [(best_of_n_margin, np.max), (weighted_majority_margin, np.sum)]


def worst_moves(score, classes, size):
    """For each answer: it rises as far as it may while all others fall."""
    for c in set(classes.tolist()):
        yield np.clip(np.where(classes == c, score + size, score - size), 0, 1)


@pytest.mark.parametrize(("margin", "rule"), RULES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 12))
def test_the_choice_stays_within_the_margin_and_flips_beyond(margin, rule, seed, n):
    rng = np.random.default_rng(seed)
    score, classes = rng.integers(9, size=n) / 8, rng.integers(-1, 3, size=n)
    assume(len({c for c in classes.tolist() if c >= 0}) > 1)
    size = margin(score, classes)
    chosen = winners(score, classes, rule)
    if size == 0:
        assert len(chosen) > 1
        return
    (choice,) = chosen
    for moved in worst_moves(score, classes, size - 1e-6):
        assert winners(moved, classes, rule) == {choice}
    for _ in range(30):
        moved = np.clip(score + rng.uniform(-1, 1, n) * (size - 1e-6), 0, 1)
        assert winners(moved, classes, rule) == {choice}
    beyond = [winners(moved, classes, rule) for moved in worst_moves(score, classes, size + 1e-6)]
    assert any(found != {choice} for found in beyond)


def test_best_of_n_by_hand():
    score, classes = np.array([0.9, 0.7, 0.8, 1.0]), np.array([0, 1, 0, -1])
    assert best_of_n_margin(score, classes) == pytest.approx(0.1)


def test_weighted_majority_by_hand_where_no_bound_is_in_the_way():
    """(T_1 - T_c) / (n_1 + n_c) = (1.2 - 0.6) / 3."""
    assert weighted_majority_margin(np.array([0.5, 0.7, 0.6]), np.array([0, 0, 1])) == (
        pytest.approx(0.2)
    )


def test_weighted_majority_by_hand_at_the_bounds():
    """0.1 can fall no further than 0, and 0.9 rise no further than 1.

    From e = 0.1 on: (1 - e) + (1 - e) + 0 = 1, so e = 0.5; unbounded it were (2.1 - 0.9) / 4.
    """
    found = weighted_majority_margin(np.array([1, 1, 0.1, 0.9]), np.array([0, 0, 0, 1]))
    assert found == pytest.approx(0.5)


def test_many_votes_against_one_may_need_more_than_any_score_can_move():
    """Ten of 1 fall to 0.1 each before one can catch up."""
    found = weighted_majority_margin(np.ones(11), np.array([0] * 10 + [1]))
    assert found == pytest.approx(0.9)


@pytest.mark.parametrize(("margin", "rule"), RULES)
def test_who_can_not_flip(margin, rule):
    assert margin(np.array([0.5, 0.9]), np.array([0, -1])) == np.inf
    assert np.isnan(margin(np.array([0.5]), np.array([-1])))
    assert margin(np.zeros(2), np.array([0, 1])) == 0
