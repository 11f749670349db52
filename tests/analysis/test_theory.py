"""Premises of verifier-based scaling on planted pools, and the didactic gap by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.theory import Didactic, anti_concentration, length_spread, reward_variance


def test_variance_of_the_reward_is_unbiased():
    rng = np.random.default_rng(0)
    found = reward_variance(rng.binomial(5, 0.3, size=40_000), 5)
    assert found.mean() == pytest.approx(0.3 * 0.7, abs=0.002)
    assert reward_variance([0, 4], [4, 4]).tolist() == [0, 0]
    assert np.isnan(reward_variance([1], [1])).all()


def test_the_tail_is_what_is_right_where_little_is():
    # One sd above the mean is below 1 only where p < 1/2; half an sd, where p < 0.8.
    assert anti_concentration([0, 1, 5, 7, 9], [10] * 5).tolist() == [0, 0.1, 0, 0, 0]
    assert anti_concentration([0, 1, 5, 7, 9], [10] * 5, 0.5).tolist() == [0, 0.1, 0.5, 0.7, 0]


def test_spread_is_of_right_solutions_only():
    found = length_spread([[10, 30, 999], [5, 5, 5], [5, 1, 1]], [[1, 1, 0], [1, 1, 1], [1, 0, 0]])
    assert found[0] == pytest.approx(np.std([10, 30], ddof=1) / 20)
    assert found[1] == 0
    assert np.isnan(found[2])


@pytest.mark.parametrize(("horizon", "n", "p"), [(1, 1, 0.5), (4, 3, 0.3), (20, 8, 0.5)])
def test_the_didactic_gap_is_what_a_simulation_finds(horizon, n, p):
    problem = Didactic(horizon, n, p)
    found, error = problem.simulated(np.random.default_rng(1), 20_000)
    assert found == pytest.approx(problem.gap(), abs=4 * error + 1e-9)


def test_by_hand_the_best_of_two_coins():
    assert Didactic(1, 2).gap() == pytest.approx(3 / 4 - 1 / 2)


@given(st.integers(1, 60), st.integers(2, 30), st.floats(0.05, 0.95))
def test_the_gap_grows_with_the_horizon_and_with_solutions(horizon, n, p):
    gap = Didactic(horizon, n, p).gap()
    assert 0 < gap < Didactic(horizon + 1, n, p).gap() + 1e-9
    assert gap <= Didactic(horizon, n + 1, p).gap() + 1e-9
    assert Didactic(horizon, 1, p).gap() == pytest.approx(0, abs=1e-9)


def test_in_the_limit_it_grows_as_the_root_of_the_horizon():
    # The largest of four standard normal values is 1.0294 on average.
    found = [Didactic(h, 4).gap() / np.sqrt(h / 4) for h in (400, 6400)]
    assert found == pytest.approx([1.0294, 1.0294], rel=0.01)
