from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import check_grad

from ttc.analysis.beta_binomial import BetaBinomial, CountTable, _loss, fit_beta_binomial
from ttc.analysis.errors import PoolError


def law(alpha, beta, unsolvable=0.0, certain=0.0):
    return BetaBinomial(alpha / (alpha + beta), alpha + beta, unsolvable, certain=certain)


def draw(alpha, beta, problems, solutions, seed, unsolvable=0.0, certain=0.0):
    rng = np.random.default_rng(seed)
    rate = rng.beta(alpha, beta, problems)
    where = rng.random(problems)
    rate = np.where(where < unsolvable, 0.0, np.where(where > 1 - certain, 1.0, rate))
    return rng.binomial(solutions, rate)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.6), (2.0, 5.0), (40.0, 1.0)])
@pytest.mark.parametrize("k", [1, 2, 7, 300, 0.5])
def test_coverage_is_the_integral_over_solve_rates(alpha, beta, k):
    missed, _ = quad(lambda p: 1.0, 0, 1, weight="alg", wvar=(alpha - 1, beta + k - 1))
    whole, _ = quad(lambda p: 1.0, 0, 1, weight="alg", wvar=(alpha - 1, beta - 1))
    got = law(alpha, beta, 0.25, 0.1).pass_at_k(k)
    assert float(got) == pytest.approx(0.1 + 0.65 * (1 - missed / whole), abs=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 1.5), (2.0, 1.0), (0.2, 3.0)])
def test_planted_parameters_are_found(alpha, beta):
    found = fit_beta_binomial(draw(alpha, beta, 4000, 64, 1), 64)
    assert found.alpha == pytest.approx(alpha, rel=0.08)
    assert found.beta == pytest.approx(beta, rel=0.08)
    assert found.unsolvable == 0
    k = np.array([1, 10, 100, 1000, 10000])
    np.testing.assert_allclose(found.pass_at_k(k), law(alpha, beta).pass_at_k(k), atol=0.02)


def test_unsolvable_problems_are_seen_where_they_are_and_only_there():
    mixed = fit_beta_binomial(draw(1.0, 2.0, 3000, 64, 2, unsolvable=0.3), 64)
    assert mixed.unsolvable == pytest.approx(0.3, abs=0.03)
    assert mixed.alpha == pytest.approx(1.0, rel=0.15)
    assert float(mixed.pass_at_k(1e6)) == pytest.approx(0.7, abs=0.03)
    none = fit_beta_binomial(draw(0.3, 2.0, 3000, 64, 3), 64)
    assert none.unsolvable == 0
    assert mixed.certain == 0
    forbidden = fit_beta_binomial(draw(1.0, 2.0, 300, 64, 2, unsolvable=0.3), 64, "never")
    assert forbidden.unsolvable == 0


def test_masses_at_both_ends_are_told_from_a_beta_distribution():
    """Without the one at 1, a beta distribution is as wide at 0 as it has to be at 1."""
    truth = law(1.0, 2.0, 0.25, 0.25)
    right = draw(1.0, 2.0, 3000, 64, 5, unsolvable=0.25, certain=0.25)
    found = fit_beta_binomial(right, 64)
    assert found.unsolvable == pytest.approx(0.25, abs=0.03)
    assert found.certain == pytest.approx(0.25, abs=0.03)
    assert found.solve_rate == pytest.approx(truth.solve_rate, abs=0.02)
    k = np.array([128, 1024, 65536])
    np.testing.assert_allclose(found.pass_at_k(k), truth.pass_at_k(k), atol=0.03)
    certain = fit_beta_binomial(draw(0.8, 1.5, 400, 16, 6, certain=0.3), 16)
    assert certain.certain == pytest.approx(0.3, abs=0.08)
    expected = law(0.8, 1.5, 0, 0.3).pass_at_k(64)
    assert float(certain.pass_at_k(64)) == pytest.approx(float(expected), abs=0.03)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["never", "always"]))
def test_no_point_of_a_grid_is_likelier(seed, point_mass):
    rng = np.random.default_rng(seed)
    total = rng.integers(1, 20, size=8)
    right = rng.binomial(total, rng.beta(0.5, 1.0, 8))
    found = fit_beta_binomial(right, total, point_mass)
    if np.isnan(found.concentration):
        return
    shares = [0.0] if point_mass == "never" else np.linspace(0, 0.9, 5)
    best = -np.inf
    coefficient = stats.binom.logpmf(right, total, 0.5) + total * np.log(2)
    for mean in np.linspace(0.02, 0.98, 15):
        for both in np.geomspace(0.01, 1000, 15):
            mass = stats.betabinom.pmf(right, total, mean * both, (1 - mean) * both)
            for zero, one in product(shares, shares):
                if zero + one < 1:
                    ends = zero * (right == 0) + one * (right == total)
                    value = np.log((1 - zero - one) * mass + ends) - coefficient
                    best = max(best, value.mean())
    assert found.log_likelihood >= best - 1e-7


def test_gradient():
    table = CountTable.of([0, 0, 3, 5, 7], [4, 9, 5, 5, 20])
    weights = np.array([0.1, 0.3, 0.2, 0.2, 0.2])
    rest = (table.right, table.total, weights)
    for point in ([0.3, 0.2, 0.1, 0.2], [-2.0, 1.0, 0.4, 0.01], [1.0, 5.0, 0.01, 0.5]):
        error = check_grad(
            lambda x: _loss(x, *rest)[0], lambda x: _loss(x, *rest)[1], np.array(point)
        )
        assert error < 1e-4


def test_limits():
    k = np.array([1, 2, 1000])
    solved = fit_beta_binomial([8, 4], [8, 4])
    np.testing.assert_array_equal(solved.pass_at_k(k), 1.0)
    unsolved = fit_beta_binomial([0, 0], [8, 4])
    np.testing.assert_array_equal(unsolved.pass_at_k(k), 0.0)
    assert unsolved.as_dict()["alpha"] is None
    one_each = fit_beta_binomial([0, 1, 1, 1], 1)
    np.testing.assert_array_equal(one_each.pass_at_k(k), [0.75, np.nan, np.nan])
    assert one_each.as_dict()["solve_rate"] == 0.75
    one_problem = fit_beta_binomial([3], [10])
    assert float(one_problem.pass_at_k(1)) == pytest.approx(0.3, abs=1e-3)
    assert float(one_problem.pass_at_k(2)) == pytest.approx(1 - 0.7**2, abs=1e-3)
    all_or_none = fit_beta_binomial([0, 0, 32, 32], 32)
    np.testing.assert_allclose(all_or_none.pass_at_k(k), 0.5, atol=0.01)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=12))
def test_coverage_rises_from_the_solve_rate_and_stays_a_probability(pairs):
    total = np.array([n for _, n in pairs])
    right = np.minimum([c for c, _ in pairs], total)
    found = fit_beta_binomial(right, total)
    k = np.unique(np.round(np.geomspace(1, 1e6, 60)))
    curve = found.pass_at_k(k)
    assert float(curve[0]) == pytest.approx(found.solve_rate, abs=1e-8)
    if not np.isnan(curve).any():
        assert (np.diff(curve) >= -1e-9).all()
        assert curve.min() >= 0
        assert curve.max() <= 1
    if len(np.unique(total)) == 1 and found.unsolvable + found.certain == 0:
        assert abs(curve[0] - np.mean(right / total)) < 0.12


@pytest.mark.parametrize(
    ("right", "total"), [([], []), ([3], [2]), ([-1], [2]), ([0], [0]), ([[1]], [[2]])]
)
def test_counts_that_cannot_be(right, total):
    with pytest.raises(PoolError):
        fit_beta_binomial(right, total)
