"""The split-point identity of residuals, and what is said where it does not hold."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.errors import PoolError
from ttc.analysis.residuals import split_residuals

residuals = st.lists(st.one_of(st.floats(-5, 5), st.just(0.0)), min_size=2, max_size=30).filter(
    lambda rows: any(rows)
)


@given(residuals)
def test_centred_residuals_obey_the_identity(rows):
    centred = np.array(rows) - np.mean(rows)
    centred[np.abs(centred) < 1e-9] = 0.0
    found = split_residuals(centred, np.zeros(len(rows)))
    scale = max(1.0, found.mar, found.up, found.down)
    assert found.mar * (found.up + found.down) == pytest.approx(
        2 * found.up * found.down, abs=1e-7 * scale**2
    )
    assert found.inconsistency <= 1e-6 * scale
    if found.mar > 1e-3:
        assert found.widening == pytest.approx((1.0, 1.0), abs=1e-3)


@given(residuals)
def test_what_is_missing_is_bias_times_lopsidedness(rows):
    """Parts by hand, and the discrepancy against the closed form."""
    gap = np.array(rows)
    found = split_residuals(gap + 3.0, np.full(len(rows), 3.0))
    gap = (gap + 3.0) - 3.0
    assert found.bias == pytest.approx(sum(gap) / len(gap))
    assert found.mar == pytest.approx(sum(map(abs, gap)) / len(gap))
    assert found.discrepancy == pytest.approx(abs(found.bias * (found.up - found.down)), abs=1e-9)
    assert found.inconsistency <= abs(found.bias) + 1e-12
    zeros = np.count_nonzero(gap == 0) / 2
    assert found.above == pytest.approx((np.count_nonzero(gap > 0) + zeros) / len(gap))


def test_planted_skewed_residuals():
    """Exponential, less its mean: above 0 they are e^-1 of all, memoryless with mean 1."""
    rng = np.random.default_rng(3)
    found = split_residuals(rng.exponential(size=400_000), np.ones(400_000))
    share = np.exp(-1)
    assert found.above == pytest.approx(share, abs=0.003)
    assert found.up == pytest.approx(1.0, abs=0.01)
    assert found.down == pytest.approx(share / (1 - share), abs=0.01)
    assert found.mar == pytest.approx(2 * share, abs=0.01)
    assert found.inconsistency < 0.003
    assert found.upper == pytest.approx(-np.log(0.05), abs=0.03)
    low, high = found.interval
    assert -1 <= low < 0 < 2.9 < high


def test_a_fit_that_lies_below_skewed_residuals_is_told_and_its_interval_widened():
    """A bias towards the longer side; either factor alone makes the identity hold."""
    measured = np.random.default_rng(4).exponential(size=50_000)
    found = split_residuals(measured, np.full(50_000, 0.7))
    assert found.bias == pytest.approx(0.3, abs=0.02)
    assert found.inconsistency > 0.02
    for up, down in ((found.widening[0], 1.0), (1.0, found.widening[1])):
        assert up * down > 1.3
        up, down = up * found.up, down * found.down
        assert found.mar == pytest.approx(2 * up * down / (up + down))
    low, high = found.interval
    assert high > found.upper
    assert -low > found.lower


def test_a_bias_towards_the_shorter_side_is_told_but_widens_nothing():
    measured = np.random.default_rng(4).exponential(size=50_000)
    found = split_residuals(measured, np.full(50_000, 1.3))
    assert found.inconsistency > 0.02
    assert found.widening == (1.0, 1.0)


def test_symmetric_residuals_hide_their_bias_from_the_identity():
    """Why the bias is told beside it."""
    found = split_residuals([-1.0, 1.0, 1.0], [0.0, 0.0, 0.0])
    assert found.discrepancy == 0
    assert found.bias == pytest.approx(1 / 3)


def test_ends():
    alone = split_residuals([1.0, 2.0], [0.0, 0.0])
    assert (alone.up, alone.down, alone.above) == (1.5, 0.0, 1.0)
    assert alone.widening == (np.inf, 1.0)
    assert alone.as_dict()["widening_up"] is None
    assert json.dumps(alone.as_dict())
    none = split_residuals([0.5, np.nan], [0.5, 0.1])
    assert (none.residuals, none.mar, none.discrepancy) == (1, 0.0, 0.0)
    assert none.widening == (1.0, 1.0)
    assert none.interval == (0.0, 0.0)
    with pytest.raises(PoolError):
        split_residuals([np.nan], [1.0])
    with pytest.raises(PoolError):
        split_residuals([1.0], [1.0, 2.0])
