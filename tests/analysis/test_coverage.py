import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.beta_binomial import BetaBinomial
from ttc.analysis.coverage import coverage_draws, fit_coverage
from ttc.analysis.coverage_check import held_out_error
from ttc.analysis.errors import GridError, PoolError
from ttc.analysis.intervals import percentile_interval, resamples
from ttc.analysis.passk import coverage


def draw(rng, problems, solutions, alpha=0.5, beta=1.5):
    return rng.binomial(solutions, rng.beta(alpha, beta, problems))


@pytest.mark.slow
def test_intervals_cover_the_truth_beyond_the_pool():
    rng = np.random.default_rng(5)
    k = np.array([10, 50, 400])
    truth = BetaBinomial(0.25, 2.0).pass_at_k(k)
    inside = []
    for _ in range(40):
        right = draw(rng, 100, 50)
        draws = coverage_draws(right, 50, k, resamples(100, 50, rng), point_mass="never")
        low, high = percentile_interval(draws.beta, 0.9)
        inside.append((low <= truth) & (truth <= high))
    share = np.mean(inside, axis=0)
    # 40 pools and 50 draws: 0.9 less a little, give or take 0.1 at two standard errors.
    assert (share >= 0.75).all(), share
    assert share.mean() < 1


def test_draws_are_fits_to_the_resampled_problems():
    rng = np.random.default_rng(1)
    right, weights = draw(rng, 12, 16), resamples(12, 4, rng)
    k = [1, 4, 16, 100]
    draws = coverage_draws(right, 16, k, weights)
    for row, weight in enumerate(weights):
        repeated = np.repeat(right, np.round(weight * 12).astype(int))
        fit = fit_coverage(repeated, 16, k)
        np.testing.assert_allclose(draws.beta[row], fit.beta.pass_at_k(k), atol=2e-4)
        np.testing.assert_allclose(draws.law[row], fit.law.pass_at_k(k), atol=1e-5)
        np.testing.assert_allclose(draws.measured[row], fit.measured, atol=1e-12)
    assert np.isnan(draws.measured[:, 3]).all()


def test_runs_on_the_same_problems_are_paired():
    rng = np.random.default_rng(2)
    right, weights = draw(rng, 40, 32), resamples(40, 20, rng)
    better = np.minimum(right + 3, 32)
    one, two = (coverage_draws(c, 32, [8, 64], weights) for c in (right, better))
    gain = two.beta[:, 0] - one.beta[:, 0]
    assert gain.std() < one.beta[:, 0].std()
    assert (gain > 0).all()


def test_prediction_at_held_out_sizes_beats_staying_flat():
    rng = np.random.default_rng(3)
    right = draw(rng, 128, 256, 0.4, 1.0)
    found = held_out_error(right, 256, rng, fitted=32, splits=10)
    assert found.fitted == 32
    assert found.k.min() == 33
    assert found.k.max() == 256
    np.testing.assert_allclose(found.measured, coverage(right, 256, found.k.tolist()))
    errors = found.errors
    assert errors["flat"].bias < -0.03
    assert errors["beta"].last_rmse < errors["flat"].last_rmse / 2
    assert errors["law"].rmse < errors["flat"].rmse / 2
    assert errors["forecast"].last_rmse < errors["flat"].last_rmse / 2
    assert errors["beta"].rmse <= errors["beta"].worst
    assert found.predictions["beta"].shape == (10, len(found.k))


@pytest.mark.slow
def test_the_flat_prediction_is_the_mean_over_subsets():
    right, total = np.array([2, 0, 5]), np.array([5, 6, 5])
    found = held_out_error(right, total, np.random.default_rng(0), fitted=2, splits=80)
    labels = [[1] * c + [0] * (n - c) for c, n in zip(right, total, strict=True)]
    expected = np.mean([np.mean([any(s) for s in combinations(row, 2)]) for row in labels])
    assert found.predictions["flat"].mean() == pytest.approx(expected, abs=0.05)


def test_everything_is_said_in_plain_data():
    rng = np.random.default_rng(4)
    right = draw(rng, 30, 16)
    fit = fit_coverage(right, 16, weights=resamples(30, 30, rng), rng=rng, level=0.9)
    said = json.loads(json.dumps(fit.as_dict(), allow_nan=False))
    rows = {row["k"]: row for row in said["coverage"]}
    assert (min(rows), max(rows)) == (1, 256)
    assert rows[32]["measured"] is None
    for name in ("beta", "forecast"):
        assert rows[32][f"{name}_low"] <= rows[32][name] <= rows[32][f"{name}_high"]
    assert set(said["probability_of"]) == {"logit-normal", "unsolvable", "certain"}
    assert said["held_out"]["fitted_on"] == 4
    assert set(said["held_out"]["errors"]) == {"law", "beta", "forecast", "flat"}
    assert said["level"] == 0.9
    low, high = said["parameter_intervals"]["alpha"]
    assert low < said["beta_binomial"]["alpha"] < high


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=6),
    st.sampled_from([1, 2, 3, 8]),
    st.integers(0, 100),
)
def test_any_pool_is_answered_with_rising_probabilities_or_not_at_all(counts, n, seed):
    rng = np.random.default_rng(seed)
    right = np.minimum(counts, n)
    k = [1, 2, 4, 64, 1000]
    checked = rng if seed % 4 == 0 else None  # twenty splits take their time
    fit = fit_coverage(right, n, k, weights=resamples(len(right), 5, rng), rng=checked)
    json.dumps(fit.as_dict(), allow_nan=False)
    for curve in (fit.law.pass_at_k(k), fit.beta.pass_at_k(k), fit.forecast.mean):
        known = curve[~np.isnan(curve)]
        assert (np.diff(known) >= -1e-9).all()
        assert ((known >= 0) & (known <= 1)).all()
        assert n == 1 or len(known) == len(k)


@pytest.mark.parametrize(("right", "says"), [(8, 1.0), (0, 0.0)])
def test_all_or_none_solved(right, says):
    rng = np.random.default_rng(0)
    fit = fit_coverage([right] * 5, 8, weights=resamples(5, 10, rng), rng=rng)
    for name in ("law", "beta"):
        low, high = fit.intervals[name]
        np.testing.assert_array_equal([low, high], says)
    assert fit.check is not None
    assert fit.check.errors["beta"].worst == 0


def test_what_cannot_be_asked():
    with pytest.raises(GridError, match="at least 1"):
        fit_coverage([1], [2], [0])
    with pytest.raises(PoolError, match=r"weights has shape \(4, 2\)"):
        coverage_draws([1, 2, 3], 4, [1], np.full((4, 2), 0.5))
    with pytest.raises(GridError, match="must fit on 2 to 3 solutions"):
        held_out_error([1], [4], np.random.default_rng(0), fitted=4)


def test_measured_coverage_has_a_width_where_every_problem_is_solved():
    right = np.full(30, 12)
    fit = fit_coverage(right, 16, [1, 16, 64], weights=resamples(30, 20, np.random.default_rng(0)))
    low, high = fit.intervals["measured"]
    assert fit.measured[1] == high[1] == 1
    assert 0.8 < low[1] < 0.95
    assert np.isnan([low[2], high[2]]).all()  # beyond the pool
