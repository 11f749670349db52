"""From which budget on a method stays ahead: by hand, and its interval."""

import math

import numpy as np
import pytest

from ttc.analysis.overtaking import overtaking

BUDGETS = np.array([1.0, 2.0, 4.0, 8.0, 16.0])


def found(gap, half=0.05):
    gap = np.array(gap)
    return overtaking(gap, gap - half, gap + half, BUDGETS)


def test_behind_then_ahead():
    assert found([-0.1, -0.02, 0.02, 0.04, 0.1]) == (4.0, 2.0, 16.0)


def test_ahead_but_never_surely():
    assert found([-0.1, -0.02, 0.02, 0.04, 0.04]) == (4.0, 2.0, math.inf)


def test_never_within_the_range():
    assert found([-0.1] * 5) == (math.inf, math.inf, math.inf)
    assert found([-0.1, -0.02, -0.02, 0.0, 0.0]) == (math.inf, 2.0, math.inf)


def test_ahead_from_the_first_budget_on():
    assert found([0.1] * 5) == (1.0, 1.0, 1.0)


def test_whoever_falls_behind_again_is_not_ahead_for_good():
    assert found([0.1, 0.1, -0.1, 0.1, 0.1]) == (8.0, 8.0, 8.0)


def test_nothing_to_compare():
    none = np.zeros(0)
    assert overtaking(none, none, none, none) == pytest.approx((math.nan,) * 3, nan_ok=True)
