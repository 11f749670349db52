"""Curves and areas against counting pairs and thresholds, detection errors by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.errors import PoolError
from ttc.analysis.judging.levels import (
    DetectionCost,
    Levels,
    auc,
    average_precision,
    equal_error_rate,
    min_detection_cost,
    precision_recall,
    roc_curve,
)

SIX = Levels.of([0.9, 0.8, 0.7, 0.6, 0.4, 0.2], [True, True, False, True, False, False])


def counted_auc(score, correct):
    pairs = [(a, b) for a in score[correct] for b in score[~correct]]
    return np.mean([(a > b) + (a == b) / 2 for a, b in pairs])


def counted_precision(score, correct):
    """Threshold by threshold, as its definition says."""
    total, before = 0.0, 0.0
    for level in sorted(set(score), reverse=True):
        shown = score >= level
        recall = (correct & shown).sum() / correct.sum()
        total += (recall - before) * (correct & shown).sum() / shown.sum()
        before = recall
    return total


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.integers(2, 30))
def test_areas_are_what_counting_says_ties_shared(seed, n, grades):
    rng = np.random.default_rng(seed)
    score = rng.integers(grades, size=n) / grades
    correct = np.arange(n) % 2 == 0
    levels = Levels.of(score, correct)
    assert auc(levels) == pytest.approx(counted_auc(score, correct))
    assert average_precision(levels) == pytest.approx(counted_precision(score, correct))


@given(st.integers(0, 2**32 - 1))
def test_a_weight_of_two_is_a_solution_there_twice(seed):
    rng = np.random.default_rng(seed)
    score, correct = rng.integers(5, size=20) / 4, np.arange(20) % 3 == 0
    times = rng.integers(1, 4, size=(3, 20))
    weighted = Levels.of(score, correct, times.astype(float))
    cost = DetectionCost(0.3, 2, 1)
    for row in range(3):
        again = Levels.of(np.repeat(score, times[row]), np.repeat(correct, times[row]))
        for of in (auc, average_precision, equal_error_rate):
            assert of(weighted)[row] == pytest.approx(float(of(again)))
        assert min_detection_cost(weighted, cost)[row] == pytest.approx(
            float(min_detection_cost(again, cost))
        )


def test_curves_by_hand():
    """Right at 1, 2 and 4 of six by rank."""
    wrong, right = roc_curve(SIX)
    assert right == pytest.approx([0, 1 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert wrong == pytest.approx([0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    recall, precision = precision_recall(SIX)
    assert recall == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1, 1])
    assert precision == pytest.approx([1, 1, 2 / 3, 3 / 4, 3 / 5, 1 / 2])
    assert auc(SIX) == pytest.approx(8 / 9)
    assert average_precision(SIX) == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_detection_errors_by_hand():
    """Accepting three gives one miss and one false alarm in three each."""
    assert equal_error_rate(SIX) == pytest.approx(1 / 3)
    # Accepting two: misses a third. At even costs that is the least, and blind guessing costs 1/2.
    assert min_detection_cost(SIX, DetectionCost()) == pytest.approx(1 / 3)
    # A false alarm at 0.9 * 2 against a miss at 0.1: accept two, 0.1 / 3 in units of 0.1.
    assert min_detection_cost(SIX, DetectionCost(0.1, 1, 2)) == pytest.approx(1 / 3)
    # A miss at 0.9 against 0.1: accept four, one false alarm in three.
    assert min_detection_cost(SIX, DetectionCost(0.9, 1, 1)) == pytest.approx(1 / 3)


def test_equal_errors_lie_between_two_thresholds():
    """Yes and no alone: accept at 1 (half missed, none accepted) or all; mixed, errors are 1/3."""
    levels = Levels.of([1, 0, 0, 0], [True, True, False, False])
    assert equal_error_rate(levels) == pytest.approx(1 / 3)
    assert equal_error_rate(Levels.of([1, 1, 0], [True, True, False])) == 0
    assert equal_error_rate(Levels.of([0.5, 0.5], [True, False])) == pytest.approx(0.5)


def test_reversed_scores_reverse_the_areas():
    assert auc(Levels.of([0.1, 0.9], [True, False])) == 0
    assert equal_error_rate(Levels.of([0.1, 0.9], [True, False])) == 1
    assert min_detection_cost(Levels.of([0.1, 0.9], [True, False]), DetectionCost()) == 1


@pytest.mark.parametrize("correct", [[True, True], [False, False]])
def test_one_kind_alone_tells_nothing(correct):
    levels = Levels.of([0.2, 0.7], correct)
    assert np.isnan(auc(levels))
    assert np.isnan(equal_error_rate(levels))
    assert np.isnan(min_detection_cost(levels, DetectionCost()))
    assert np.isnan(average_precision(levels)) == (not any(correct))
    assert np.isnan(auc(Levels.of([], [])))


def test_what_is_no_score_or_cost_is_refused():
    with pytest.raises(PoolError, match="no score NaN"):
        Levels.of([np.nan], [True])
    with pytest.raises(PoolError, match="between 0 and 1"):
        DetectionCost(p_target=0)
    with pytest.raises(PoolError, match="above 0"):
        DetectionCost(c_fa=0)
