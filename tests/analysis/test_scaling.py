import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.comparison import compare, crossover
from ttc.analysis.intervals import percentile_interval, resampled_means, resamples
from ttc.analysis.scaling import Frontier, LinearCost, fit_power_law, frontier

S = np.array([1, 2, 4, 8])
V = np.array([1, 2, 4])


def cell_costs(S, V, ratio):
    return LinearCost(verification=ratio)(S[:, None], V[None, :])


def test_costs_are_those_of_the_paper():
    costs = cell_costs(S, V, 2.0)
    assert costs[0].tolist() == [3.0, 5.0, 9.0]
    assert costs[3, 2] == 8 * (1 + 2 * 4)


@given(st.lists(st.floats(0, 1), min_size=12, max_size=12))
def test_frontier_is_the_running_best_by_brute_force(values):
    success = np.array(values).reshape(4, 3)
    cost = cell_costs(S, V, 1.0)
    found = frontier(success, cost, S, V)
    budgets = np.unique(cost)
    expected = [success[cost <= b].max() for b in budgets]
    place = np.searchsorted(found.cost, budgets * (1 + 1e-9), side="right") - 1
    assert found.success[place] == pytest.approx(expected)
    assert (np.diff(found.success) > 0).all()


def test_unavailable_cells_never_enter():
    success = np.full((4, 3), np.nan)
    success[1, 1] = 0.4
    found = frontier(success, cell_costs(S, V, 1.0), S, V)
    assert (found.S.tolist(), found.V.tolist()) == ([2], [2])
    assert np.isnan(found.at(np.array([1.0]))[0])


@given(st.floats(-1, 2), st.floats(0.1, 10))
def test_planted_exponents_are_recovered(exponent, factor):
    cost = 2.0 ** np.arange(1, 9)
    law = fit_power_law(cost, factor * cost**exponent)
    assert law.exponent == pytest.approx(exponent, abs=1e-9)
    assert law(cost) == pytest.approx(factor * cost**exponent)


def test_one_cost_only_fits_nothing():
    assert np.isnan(fit_power_law(np.array([4.0, 4.0]), np.array([1.0, 2.0])).exponent)


SC_COST = 2.0 ** np.arange(8)
SC = np.array([0.3, 0.4, 0.5, 0.55, 0.56, 0.56, 0.56, 0.56])


def voting(success, cost=SC_COST):
    return frontier(success[:, None], cost[:, None], cost.astype(int), np.zeros(1, int))


def test_comparison_finds_the_planted_crossover():
    success = np.array([[0.30, 0.31, 0.32], [0.35, 0.40, 0.42], [0.4, 0.5, 0.56], [0.5, 0.6, 0.62]])
    verified = frontier(success, cell_costs(S, V, 1.0), S, V)
    found = compare(voting(SC), verified, 40.0, margin=0)
    assert found.plateau == 0.56
    assert found.plateau_cost == pytest.approx(16)
    assert found.match_cost == pytest.approx(4 * (1 + 4))  # the cell (4, 4) has 0.56
    assert found.gain == pytest.approx(0.06)
    assert found.gain_multiple == pytest.approx(8 * (1 + 4) / 16)
    # From 16 to 24 it goes from 0.5 (4, 2) over 0.56 (4, 4) at 20, which is the vote's.
    assert found.crossover == pytest.approx(20)
    rising = compare(voting(SC), verified, 40.0, margin=0, rising=True)
    assert rising.crossover == found.crossover
    assert np.isnan([rising.match_cost, rising.plateau_cost, rising.gain]).all()


def test_a_crossover_is_the_last_one_and_within_what_can_be_compared():
    def curve(*success):
        return Frontier(2.0 ** np.arange(len(success)), S, V, np.array(success))

    vote = curve(0.2, 0.4, 0.45, 0.6)
    # Ahead at 1, behind at 2, ahead at the end: from the middle of 4 to 8 on, over log cost.
    assert crossover(vote, curve(0.3, 0.35, 0.4, 0.65), 8) == pytest.approx(2**2.5)
    assert crossover(vote, curve(0.3, 0.41, 0.5, 0.65), 8) == 1.0
    assert crossover(vote, curve(0.3, 0.35, 0.4, 0.6), 8) == np.inf
    assert crossover(vote, curve(0.3, 0.35, 0.4, 0.65), 4) == np.inf
    assert crossover(vote, curve(0.3, 0.35, 0.4, 0.65), 64) == pytest.approx(2**2.5)


def test_between_cells_a_curve_is_a_line_over_log_cost():
    curve = Frontier(np.array([1.0, 4.0, 16]), S[:3], V, np.array([0.2, 0.4, 0.5]))
    assert curve.at(np.array([0.5, 1, 2, 8, 16, 99])) == pytest.approx(
        [np.nan, 0.2, 0.3, 0.45, 0.5, 0.5], nan_ok=True
    )
    assert curve.reach(0.3) == pytest.approx(2)
    assert curve.reach(0.1) == 1
    assert curve.reach(0.51) == np.inf


def test_cells_at_the_edge_of_the_pool_say_nothing_of_growth():
    success = np.arange(12.0).reshape(4, 3) / 20
    best = frontier(success, cell_costs(S, V, 1.0), S, V)
    inner = best.inner(8, 4)
    assert inner.S.max() < 8
    assert inner.V.max() < 4
    assert best.inner(2, 2) is best  # too few would be left


def test_never_matching_is_said():
    success = np.full((4, 3), 0.2)
    verified = frontier(success, cell_costs(S, V, 1.0), S, V)
    found = compare(voting(np.array([0.5, 0.9]), np.array([1.0, 2.0])), verified, 40.0)
    assert np.isinf(found.crossover)
    assert np.isinf(found.match_cost)
    assert np.isinf(found.match_multiple)


def test_other_units_have_costs_that_are_paid_once():
    cost = LinearCost(fixed=100, solution=10, verification=5)
    assert cost(np.array([2]), np.array([4])).tolist() == [100 + 2 * (10 + 20)]
    assert cost.sizes(np.array([160.0]), np.array([4.0])).tolist() == [2]


def test_bootstrap_interval_covers_the_standard_error_of_a_mean():
    rng = np.random.default_rng(0)
    values = rng.random((200, 3))
    draws = resampled_means(values, resamples(200, 4000, rng))
    low, high = percentile_interval(draws)
    expected = 1.96 * values.std(axis=0) / np.sqrt(200)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.08)
