"""Sample sizes against simulated experiments and textbook figures."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from ttc.analysis.power import (
    deviation_of,
    deviation_of_rates,
    power_of,
    problems_needed,
    smallest_difference,
    upper_factor,
)


def share_found(differences, alpha=0.05):
    """Share of experiments, (experiments, problems), in which the paired test rejects."""
    return float(np.mean(ttest_1samp(differences, 0, axis=1).pvalue < alpha))


@pytest.mark.parametrize("repeats", [1, 4, 16])
def test_the_problems_planned_have_the_power_that_simulated_experiments_have(repeats):
    """True rates per problem, correlated between methods; each measured by `repeats` samples."""
    rng = np.random.default_rng(repeats)

    def experiment(problems, experiments):
        rate = rng.beta(1, 1, (experiments, problems))
        better = np.clip(rate + 0.1 * rng.beta(1, 1, rate.shape) * 2, 0, 1)
        first, second = (rng.binomial(repeats, r) / repeats for r in (rate, better))
        return second - first

    pilot = experiment(20_000, 1)[0]
    difference, deviation = pilot.mean(), pilot.std(ddof=1)
    n = problems_needed(difference, deviation, power=0.8)
    assert share_found(experiment(n, 4000)) == pytest.approx(0.8, abs=0.03)


def test_deviation_is_of_one_measurement_however_often_it_is_repeated():
    rng = np.random.default_rng(0)
    truth = rng.normal(0.05, 0.3, (4000, 1))
    for repeats in (1, 5):
        found = deviation_of(truth + rng.normal(0, 0.4, (4000, repeats)))
        assert found == pytest.approx(0.5, rel=0.03)


def test_equal_spread_is_the_textbook_figure():
    # Paired t test, effect 0.2: 199 pairs; effects 0.5 and 1: 34 and 10 (as G*Power has it).
    assert problems_needed(0.1, 0.5) == 199
    assert problems_needed(0.25, 0.5) == 34
    assert problems_needed(0.5, 0.5) == 10
    assert power_of(199, 0.1, 0.5) == pytest.approx(0.8, abs=0.002)
    assert power_of(50, 0.0, 0.5, alpha=0.05) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(("problems", "difference"), [(3, 2.0), (8, 1.0), (60, 0.3)])
def test_power_of_few_problems_is_that_of_simulated_tests(problems, difference):
    rng = np.random.default_rng(problems)
    found = share_found(rng.normal(difference, 1.0, (20_000, problems)))
    assert power_of(problems, difference, 1.0) == pytest.approx(found, abs=0.012)


def test_one_problem_tells_nothing():
    assert math.isnan(power_of(1, 0.1, 0.5))
    assert math.isnan(smallest_difference(1, 0.5))
    assert problems_needed(0.9, 0.001) == 2


@settings(max_examples=100, deadline=None)
@given(
    st.floats(0.005, 0.9),
    st.floats(0.01, 1.0),
    st.floats(0.2, 0.99),
    st.floats(0.001, 0.15),
)
def test_power_and_sizes_are_each_others_inverse(difference, deviation, power, alpha):
    n = problems_needed(difference, deviation, power, alpha)
    assert power_of(n, difference, deviation, alpha) >= power - 1e-9
    assert n == 2 or power_of(n - 1, difference, deviation, alpha) < power
    least = smallest_difference(n, deviation, power, alpha)
    assert least <= difference * (1 + 1e-6)
    assert power_of(n, least, deviation, alpha) == pytest.approx(power, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_outcomes_of_two_rates(first, second, correlation):
    variance = deviation_of_rates(first, second, correlation) ** 2
    independent = first * (1 - first) + second * (1 - second)
    assert variance <= 2 * independent + 1e-12
    assert deviation_of_rates(first, second, 0) ** 2 == pytest.approx(independent)


def test_outcomes_with_a_correlation_simulated():
    rng = np.random.default_rng(1)
    both = 0.5 * 0.6 + 0.5 * math.sqrt(0.25 * 0.24)
    table = [both, 0.5 - both, 0.6 - both, 1 - 0.5 - 0.6 + both]
    cell = rng.choice(4, 400_000, p=table)
    difference = np.isin(cell, [0, 2]).astype(float) - np.isin(cell, [0, 1])
    assert difference.mean() == pytest.approx(0.1, abs=0.005)
    assert difference.std() == pytest.approx(deviation_of_rates(0.5, 0.6, 0.5), rel=0.01)
    assert deviation_of_rates(0.5, 0.5, 1) == 0
    assert problems_needed(0.1, 0.0) == 2


def test_few_pilot_problems_make_the_spread_uncertain():
    assert upper_factor(0) == 1
    factors = [upper_factor(n) for n in (5, 50, 5000)]
    assert factors == sorted(factors, reverse=True)
    rng = np.random.default_rng(2)
    sample = rng.normal(0, 1, (20_000, 8)).std(1, ddof=1)
    covered = np.mean(sample * upper_factor(8, 0.9) >= 1)
    assert covered == pytest.approx(0.9, abs=0.01)
