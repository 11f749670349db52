"""Intervals of means and differences cover planted truth, near 0 and 1 and with few problems."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from ttc.analysis.intervals import (
    FEW,
    LEVEL,
    bootstrap_interval,
    difference_interval,
    few_problems,
    mean_interval,
    paired_test,
    percentile_interval,
    resampled_means,
    resamples,
)
from ttc.analysis.power import power_of

POOLS = 4000
SLACK = 0.012  # of a coverage of 95 % over so many pools, three and a half standard errors


def share(ends, truth):
    low, high = ends
    return float(np.mean((low <= truth) & (truth <= high)))


def rates(mean, spread, problems, seed=0, pools=POOLS):
    """(problems, pools) beta solve rates with a + b = spread."""
    return np.random.default_rng(seed).beta(mean * spread, (1 - mean) * spread, (problems, pools))


@pytest.mark.parametrize("mean", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("spread", [0.5, 2, 9])
@pytest.mark.parametrize("problems", [30, 64, 128])
def test_means_are_covered_near_0_and_1_too(mean, spread, problems):
    values = rates(mean, spread, problems)
    assert 0.93 - SLACK <= share(mean_interval(values), mean) <= 0.97 + SLACK
    assert 0.87 - SLACK <= share(mean_interval(values, 0.9), mean) <= 0.94 + SLACK


def test_percentiles_did_not():
    values = rates(0.98, 0.5, 30, pools=500)
    draws = resampled_means(values, resamples(30, 400, np.random.default_rng(1)))
    assert share(percentile_interval(draws), 0.98) < 0.7
    assert share(mean_interval(values), 0.98) > 0.93


@pytest.mark.parametrize("spread", [0.5, 2, 9])
def test_three_problems_cover_as_said(spread):
    values = rates(0.5, spread, 3)
    assert share(mean_interval(values, 0.9), 0.5) > 0.88
    draws = resampled_means(values[:, :500], resamples(3, 400, np.random.default_rng(1)))
    assert share(percentile_interval(draws, 0.9), 0.5) < 0.82


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_columns_without_spread_have_a_width(value):
    low, high = mean_interval(np.full((30, 2), value))
    assert np.all(high - low > 0.03)
    assert np.all((low <= value) & (value <= high))
    low, high = difference_interval(np.full((30, 2), value))
    assert np.all(high - low > 0.03)


def test_widths_fade_with_information():
    widths = [float(np.ptp(mean_interval(np.ones(n)))) for n in (3, 10, 100, 1000)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.006
    # Many small differences: what was not met hardly counts.
    small = np.random.default_rng(0).normal(0, 0.01, 64)
    assert np.ptp(difference_interval(small)) < 1.3 * 4 * small.std() / 8


def test_it_is_wilsons_for_outcomes():
    values = np.repeat([1.0, 0.0], [60, 40])
    low, high = mean_interval(values)
    assert low == pytest.approx(0.5020, abs=0.004)  # statsmodels: 0.5020, 0.6906
    assert high == pytest.approx(0.6906, abs=0.004)


@pytest.mark.parametrize("truth", [0.0, 0.1])
@pytest.mark.parametrize("deviation", [0.03, 0.3])
def test_differences_are_covered(truth, deviation):
    rng = np.random.default_rng(3)
    values = np.clip(rng.normal(truth, deviation, (30, POOLS)), -1, 1)
    assert 0.93 - SLACK <= share(difference_interval(values), truth) <= 0.975


def test_rare_differences_are_covered():
    outcomes = np.where(np.random.default_rng(4).random((30, POOLS)) < 0.02, 1.0, 0.0)
    assert share(difference_interval(outcomes), 0.02) > 0.94
    draws = resampled_means(outcomes[:, :500], resamples(30, 400, np.random.default_rng(1)))
    assert share(percentile_interval(draws), 0.02) < 0.6


def test_the_test_is_the_paired_t_test_that_power_plans():
    rng = np.random.default_rng(5)
    values = rng.normal(0.1, 0.3, (40, POOLS))
    p = paired_test(values)
    assert p == pytest.approx(ttest_1samp(values, 0).pvalue)
    assert np.mean(p < 0.05) == pytest.approx(power_of(40, 0.1, 0.3), abs=0.025)
    assert np.mean(paired_test(values - 0.1) < 0.05) == pytest.approx(0.05, abs=SLACK)


def test_no_interval_excludes_0_where_the_test_does_not():
    rng = np.random.default_rng(6)
    for values in (rng.normal(0.1, 0.3, (20, POOLS)), 1.0 * (rng.random((20, POOLS)) < 0.15)):
        low, high = difference_interval(values)
        found = (low > 0) | (high < 0)
        assert found.any()
        assert np.all(paired_test(values)[found] < 1 - LEVEL)


def test_tests_without_spread():
    values = np.stack([np.zeros(5), np.full(5, 0.1), np.full(5, np.nan)], axis=1)
    assert paired_test(values).tolist() == pytest.approx([1.0, 0.0, np.nan], nan_ok=True)


def test_two_formulas_of_one_figure_do_not_differ():
    noise = np.random.default_rng(0).choice([-1e-16, 0.0, 2e-16], size=(64, 1))
    assert paired_test(noise + 1e-16).tolist() == [1.0]


def templates(problems, size, pools, seed=7):
    """(problems, pools) values with an intraclass correlation of 0.5, and their labels."""
    rng = np.random.default_rng(seed)
    rate = rng.beta(0.5, 0.5, (problems, 1, pools))
    values = (rng.random((problems, size, pools)) < rate).astype(float)
    return values.reshape(-1, pools), np.repeat(np.arange(problems), size)


def test_clusters_are_the_unit():
    values, labels = templates(30, 8, 1000)
    assert share(mean_interval(values, clusters=labels), 0.5) == pytest.approx(0.95, abs=0.025)
    assert share(mean_interval(values), 0.5) < 0.75
    weights = resamples(len(values), 600, np.random.default_rng(8), labels)
    ends = percentile_interval(resampled_means(values[:, :400], weights))
    assert share(ends, 0.5) == pytest.approx(0.94, abs=0.035)
    assert share(mean_interval(values - values.mean() + 0.5, 0.9, labels), 0.5) < 0.93


def test_clusters_of_one_change_nothing_and_order_is_free():
    values = np.random.default_rng(9).random((12, 3))
    single = np.arange(12)
    for of in (mean_interval, difference_interval):
        assert np.allclose(of(values), of(values, clusters=single))
    labels, order = np.repeat(list("abcd"), 3), np.random.default_rng(1).permutation(12)
    assert np.allclose(
        mean_interval(values, clusters=labels),
        mean_interval(values[order], clusters=labels[order]),
    )
    assert np.allclose(  # equal clusters are their means
        mean_interval(values, clusters=labels), mean_interval(values.reshape(4, 3, 3).mean(axis=1))
    )


def test_resampled_clusters_stay_whole():
    labels = np.array([0, 0, 0, 1, 1, 2])
    weights = resamples(6, 50, np.random.default_rng(0), labels)
    assert weights.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(weights[:, 0], weights[:, 2])
    assert np.array_equal(weights[:, 3], weights[:, 4])


def test_missing_values_and_few_problems_have_no_interval():
    values = np.random.default_rng(0).random((8, 2))
    values[3, 1] = np.nan
    for of in (mean_interval, difference_interval):
        low, high = of(values)
        assert np.isnan([low[1], high[1]]).all()
        assert np.isfinite([low[0], high[0]]).all()
        assert np.isnan(of(values[:2])).all()
        assert np.isnan(of(values[:, :1], clusters=[0, 0, 0, 0, 1, 1, 1, 1])).all()
    assert np.isnan(paired_test(values[:2])).all()
    assert np.isnan(bootstrap_interval(0.5, np.arange(9.0), 2).low)


def test_few_problems_are_told():
    assert few_problems(FEW) is None
    assert "12 problems" in few_problems(12)
    assert few_problems(2) == "no interval: fewer than 3 problems"


def test_values_a_little_outside_are_taken():
    values = np.random.default_rng(0).normal(1, 0.02, (30, 5))
    low, high = mean_interval(values)
    assert np.all((low > 0.95) & (high <= 1))


def smooth(values, weights):
    """A figure that is not linear in the means, under weights."""
    return np.exp(4 * (weights @ values))


def test_bootstrap_intervals_of_skewed_figures_cover():
    covered = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        values = rng.exponential(0.3, 30)
        ends = bootstrap_interval(
            float(np.exp(4 * values.mean())),
            smooth(values, resamples(30, 500, rng)),
            30,
        )
        covered.append(ends.low <= np.exp(1.2) <= ends.high)
    assert np.mean(covered) == pytest.approx(0.945, abs=0.035)


def test_never_is_the_largest_and_unknown_is_left_out():
    draws = np.concatenate([np.arange(1, 81.0), np.full(10, np.inf), np.full(10, np.nan)])
    ends = bootstrap_interval(50.0, draws, 20)
    assert ends.high == np.inf
    assert 1 <= ends.low < 20
    assert ends.known == 0.9
    never = bootstrap_interval(np.inf, np.full(50, np.inf), 20)
    assert never.low == never.high == np.inf
    assert np.isnan(bootstrap_interval(1.0, np.full(9, np.nan), 20).low)


def test_bootstrap_intervals_stay_among_the_draws():
    draws = np.random.default_rng(0).uniform(0.2, 1.0, 500)
    ends = bootstrap_interval(0.9, draws, 10)
    assert draws.min() <= ends.low < ends.high <= draws.max()
    wider = bootstrap_interval(0.9, draws, 4)
    assert wider.low <= ends.low
    assert wider.high >= ends.high
