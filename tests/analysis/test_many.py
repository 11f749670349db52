"""Adjusted p values and simultaneous bands."""

import numpy as np
import pytest

from ttc.analysis.intervals import difference_interval, resamples
from ttc.analysis.many import holm, pointwise_level, simultaneous_band


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]).tolist() == [1, 1]
    assert holm([0.02, np.nan, 0.5])[[0, 2]].tolist() == pytest.approx([0.04, 0.5])
    assert np.isnan(holm([0.02, np.nan])[1])
    assert holm([]).tolist() == []


def test_holm_holds_the_error_of_a_family():
    p = np.random.default_rng(0).random((4000, 8))
    wrong = [(holm(row) < 0.05).any() for row in p]
    assert np.mean(wrong) == pytest.approx(0.05, abs=0.012)


def drawn(rng, problems=40, cells=12, own=0.5):
    """(problems, cells) success around 0.9, whose cells go together."""
    shared = rng.beta(4.5, 0.5, (problems, 1))
    return (1 - own) * shared + own * rng.beta(4.5, 0.5, (problems, cells))


@pytest.mark.parametrize("own", [0.0, 0.5, 1.0])
def test_a_band_holds_everywhere_at_once(own):
    covered = []
    for seed in range(1000, 1400):
        rng = np.random.default_rng(seed)
        values = drawn(rng, own=own)
        low, high = simultaneous_band(values, resamples(40, 300, rng), 0.9)
        covered.append(((low <= 0.9) & (high >= 0.9)).all())
    assert 0.85 <= np.mean(covered) <= 0.96


def test_cells_that_go_together_cost_nothing():
    rng = np.random.default_rng(0)
    weights = resamples(40, 2000, rng)
    assert pointwise_level(drawn(rng, own=0.0), weights) == pytest.approx(0.95, abs=0.012)
    assert pointwise_level(drawn(rng, own=1.0), weights) > 0.98


def test_bands_of_differences_and_of_nothing():
    rng = np.random.default_rng(0)
    weights = resamples(20, 200, rng)
    values = np.zeros((20, 3))
    values[:, 2] = np.nan
    low, high = simultaneous_band(values, weights, interval=difference_interval)
    assert np.all(low[:2] < 0)
    assert np.all(high[:2] > 0)
    assert np.isnan(low[2])
