"""z- and t-norm by hand, and what they take off."""

import numpy as np
import pytest

from ttc.analysis.judging.levels import Levels, equal_error_rate
from ttc.analysis.judging.normalise import t_norm, z_norm


def test_z_norm_by_hand():
    """Problems 0 and 2 are measured by the impostors of 1 and 3 (0.2, 0.4, 0.6), and these by 0.1
    and 0.5.
    """
    score = np.array([0.9, 0.1, 0.2, 0.4, 0.5, 0.7, 0.6])
    correct = np.array([True, False, False, False, False, True, False])
    found = z_norm(score, correct, np.array([0, 0, 1, 1, 2, 3, 3]))
    assert found[:2] == pytest.approx([(0.9 - 0.4) / 0.2, (0.1 - 0.4) / 0.2])
    assert found[4] == pytest.approx((0.5 - 0.4) / 0.2)
    assert found[5] == pytest.approx((0.7 - 0.3) / np.std([0.1, 0.5], ddof=1))


def test_equal_scores_of_a_half_stay_equal_whatever_is_right():
    rng = np.random.default_rng(0)
    score, problem = rng.integers(2, size=400) / 1.0, np.arange(400)
    found = z_norm(score, rng.random(400) < 0.5, problem)
    assert len(np.unique(found.round(9))) == 4


def test_z_norm_needs_impostors_that_differ():
    problem = np.array([0, 1, 2])
    assert np.isnan(z_norm(np.array([1.0, 0, 0]), np.array([True, False, False]), problem)).all()
    assert np.isnan(z_norm(np.array([1.0, 0, 0]), np.array([True] * 3), problem)).all()


def test_t_norm_by_hand():
    score = np.array([0.9, 0.1, 0.3, 0.8, 0.8, 0.8, 0.2, 0.5])
    problem = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    found = t_norm(score, problem)
    assert found[0] == pytest.approx((0.9 - 0.2) / np.sqrt(0.02))
    assert found[1] == pytest.approx((0.1 - 0.6) / np.sqrt(0.18))
    assert found[3:6] == pytest.approx([0, 0, 0])
    assert np.isnan(found[6:]).all()


def test_a_cohort_that_is_all_alike_has_the_deviation_within_problems():
    """The others of the 1 are all 0; squares about their problem's mean: 3/4, then 1/2."""
    found = t_norm(np.array([1.0, 0, 0, 0, 1, 0]), np.array([0, 0, 0, 0, 1, 1]))
    assert found[0] == pytest.approx(1 / np.sqrt((3 / 4 + 1 / 2) / (3 + 1)))


def test_t_norm_takes_off_what_a_problem_does_to_all_its_scores():
    """Each problem moves its scores by its own; within it, right ones are above wrong ones."""
    rng = np.random.default_rng(0)
    problem = np.repeat(np.arange(40), 8)
    correct = np.tile([True, False], 160)
    score = rng.normal(size=40)[problem] * 3 + correct + rng.normal(size=320) * 0.2
    raw = equal_error_rate(Levels.of(score, correct))
    assert raw > 0.3
    assert equal_error_rate(Levels.of(t_norm(score, problem), correct)) < 0.05
    assert equal_error_rate(Levels.of(z_norm(score, correct, problem), correct)) > 0.3
