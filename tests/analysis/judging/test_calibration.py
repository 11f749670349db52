"""Calibration error and the Brier score's parts by hand, and identities on any scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.errors import GridError
from ttc.analysis.judging.calibration import bins_of, brier, reliability

SCORE = np.array([0.1, 0.1, 0.3, 0.9, 0.9, 0.9])
RIGHT = np.array([False, True, False, True, True, False])


def test_bins_of_equal_width_and_of_equal_mass():
    assert bins_of(np.array([0.0, 0.19, 0.2, 0.999, 1.0]), 5, "width").tolist() == [0, 0, 1, 4, 4]
    edges = np.arange(101) / 100
    assert bins_of(edges, 100, "width").tolist() == [*range(100), 99]
    assert bins_of(SCORE, 2, "mass").tolist() == [0, 0, 0, 1, 1, 1]
    assert bins_of(np.array([0.3, 0.1, 0.2, 0.4]), 4, "mass").tolist() == [2, 0, 1, 3]
    with pytest.raises(GridError, match="at least one bin"):
        bins_of(SCORE, 0, "width")


def test_calibration_error_by_hand():
    """Bins [0, 0.5) and [0.5, 1]: mean scores 1/6 and 0.9, right shares 1/3 and 2/3."""
    found = reliability(SCORE, RIGHT, bins_of(SCORE, 2, "width"), 2)
    assert found.weight.tolist() == [3, 3]
    assert found.score == pytest.approx([0.5 / 3, 0.9])
    assert found.right == pytest.approx([1 / 3, 2 / 3])
    assert found.error == pytest.approx((1 / 6 + (0.9 - 2 / 3)) / 2)
    # Five bins: 0.1 twice with one right, 0.3 wrong, 0.9.
    fine = reliability(SCORE, RIGHT, bins_of(SCORE, 5, "width"), 5)
    assert fine.error == pytest.approx((2 * 0.4 + 0.3 + 3 * (0.9 - 2 / 3)) / 6)
    assert np.isnan(fine.right[2])


def test_brier_by_hand():
    """Bins that hold one score each: nothing is left within."""
    place = bins_of(SCORE, 5, "width")
    found = brier(SCORE, RIGHT, place, 5)
    assert found.score == pytest.approx((0.01 + 0.81 + 0.09 + 0.01 + 0.01 + 0.81) / 6)
    assert found.uncertainty == pytest.approx(0.25)
    assert found.resolution == pytest.approx((2 * 0 + 0.25 + 3 * (1 / 6) ** 2) / 6)
    assert found.reliability == pytest.approx((2 * 0.16 + 0.09 + 3 * (0.9 - 2 / 3) ** 2) / 6)
    assert found.within == pytest.approx(0, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["width", "mass"]))
def test_what_is_within_bins_is_variance_less_twice_covariance(seed, binning):
    rng = np.random.default_rng(seed)
    score, right = rng.random(50), rng.random(50) < 0.4
    place = bins_of(score, 4, binning)
    inside = sum(
        np.sum((score[own] - score[own].mean()) ** 2)
        - 2 * np.sum((score[own] - score[own].mean()) * (right[own] - right[own].mean()))
        for own in (place == b for b in range(4))
        if own.any()
    )
    assert brier(score, right, place, 4).within == pytest.approx(inside / 50)


@given(st.integers(0, 2**32 - 1))
def test_weights_count(seed):
    rng = np.random.default_rng(seed)
    score, right = rng.integers(6, size=30) / 5, rng.random(30) < 0.5
    times = rng.integers(1, 4, size=30)
    place = bins_of(score, 10, "width")
    weighted = brier(score, right, place, 10, times[None].astype(float))
    again = brier(*(np.repeat(a, times) for a in (score, right, place)), 10)
    for name in ("score", "reliability", "resolution", "uncertainty"):
        assert getattr(weighted, name)[0] == pytest.approx(float(getattr(again, name)))


def test_equal_mass_keeps_equal_scores_together():
    score = np.array([0.5] * 7 + [0.1, 0.9, 0.95])
    assert len(set(bins_of(score, 10, "mass")[:7])) == 1


def test_a_calibrated_judge_has_next_to_no_error():
    rng = np.random.default_rng(1)
    score = rng.random(200_000)
    right = rng.random(200_000) < score
    for binning in ("width", "mass"):
        place = bins_of(score, 10, binning)
        assert reliability(score, right, place, 10).error < 0.01
        assert brier(score, right, place, 10).score == pytest.approx(1 / 6, abs=0.005)
