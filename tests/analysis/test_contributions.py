import numpy as np
import pytest

from ttc.analysis.contributions import by_problem
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
