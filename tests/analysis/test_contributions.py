import numpy as np
import pytest

from ttc.analysis.contributions import by_problem, crossing_interval
from ttc.analysis.scaling import LinearCost, frontier


def test_the_mean_of_contributions_is_the_frontier():
    S, V = 2 ** np.arange(5), 2 ** np.arange(3)
    rng = np.random.default_rng(0)
    rise = np.log2(S)[:, None] + np.log2(V) / 2
    values = np.clip(rng.random((40, 1, 1)) + 0.1 * rise + rng.normal(0, 0.1, (40, 5, 3)), 0, 1)
    best = frontier(values.mean(axis=0), LinearCost(verification=1)(S[:, None], V[None, :]), S, V)
    budgets = np.geomspace(1.5, 200, 25)
    own = by_problem(best, values, S, V, budgets)
    assert own.shape == (40, 25)
    assert own.mean(axis=0) == pytest.approx(best.at(budgets), nan_ok=True)
    assert np.isnan(own[:, 0]).all()  # below the cheapest cell


def test_policies_without_verifications_have_one_column():
    S, none = 2 ** np.arange(4), np.zeros(1, dtype=int)
    values = np.linspace(0, 1, 12).reshape(3, 4)[:, :, None]
    best = frontier(values.mean(axis=0), LinearCost()(S[:, None], none), S, none)
    own = by_problem(best, values, S, none, np.array([1.0, 2.0, 100.0]))
    assert own == pytest.approx(values[:, [0, 1, 3], 0])


def gaps(rng, problems=30, slope=0.05, spread=0.1):
    """Gaps that cross 0 at a budget of 8, with problems' own ways to differ."""
    budgets = np.geomspace(1, 128, 57)
    mean = slope * np.log2(budgets / 8)
    own = rng.normal(0, spread, (problems, 1)) + rng.normal(0, spread, (problems, 1)) * mean
    return mean + own, budgets


def test_the_crossing_is_covered():
    covered = []
    for seed in range(600):
        values, budgets = gaps(np.random.default_rng(seed))
        low, high = crossing_interval(values, budgets, 0.9)
        covered.append(low <= 8 <= high)
    assert 0.87 <= np.mean(covered) <= 0.98


def test_never_surely_ahead_is_infinite_and_always_ahead_is_not_told():
    rng = np.random.default_rng(0)
    values, budgets = gaps(rng, slope=0.0)
    assert crossing_interval(values, budgets) == (1.0, np.inf)
    assert np.isnan(crossing_interval(np.abs(values) + 0.5, budgets)).all()


def test_problems_that_all_agree_still_leave_it_open():
    low, high = crossing_interval(np.zeros((30, 5)), 2.0 ** np.arange(5))
    assert (low, high) == (1.0, np.inf)


def test_what_is_equal_before_it_is_surely_behind_crosses_nothing():
    """Two curves that start alike, then one falls behind and is ahead for good from 16 on."""
    rng = np.random.default_rng(0)
    budgets = np.array([1.0, 2, 4, 8, 16, 32])
    mean = np.array([0.0, -0.1, -0.1, -0.05, 0.0, 0.1])
    noise = rng.normal(0, 0.02, (40, 1)) * np.array([0, 1, 1, 1, 1, 1])
    low, high = crossing_interval(mean + noise, budgets)
    assert (low, high) == (8, 32)
    assert crossing_interval(-0.3 + noise, budgets) == (32, np.inf)
