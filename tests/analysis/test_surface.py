"""The law of the surface and the allocations that follow, on planted surfaces."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.allocation import interpolated, optimal_path
from ttc.analysis.out_of_sample import predict_dearer
from ttc.analysis.scaling import LinearCost
from ttc.analysis.surface import SurfaceLaw, fit_surface

S = 2 ** np.arange(8)
V = 2 ** np.arange(6)
LAW = SurfaceLaw(0.4, 0.4, 0.25, 0.6, 0.5, 0.3, 0.5)
COST = LinearCost(verification=1.0)


def cells(law):
    return law(S[:, None], V[None, :])


laws = st.builds(
    SurfaceLaw,
    accuracy=st.floats(0.1, 0.5),
    gain=st.floats(0.2, 0.5),
    loss=st.floats(0.05, 0.2),
    alpha=st.floats(0.3, 1.2),
    beta=st.floats(0.2, 1.5),
    kappa=st.floats(-0.2, 0.5),
    shift=st.floats(-0.3, 2),
)


@settings(max_examples=40, deadline=None)
@given(laws)
def test_a_planted_law_is_found_again(law):
    found = fit_surface(cells(law), S, V)
    assert found.rmse < 2e-4
    assert found(S[:, None], V[None, :]) == pytest.approx(cells(law), abs=2e-3)


def test_its_parameters_too():
    found = fit_surface(cells(LAW), S, V)
    for name in ("accuracy", "gain", "loss", "alpha", "beta", "kappa", "shift"):
        assert getattr(found, name) == pytest.approx(getattr(LAW, name), abs=1e-3)


def test_nothing_is_selected_at_one_solution():
    assert cells(LAW)[0] == pytest.approx(np.full(len(V), 0.4))


def test_missing_cells_are_left_out_and_too_few_fit_nothing():
    success = cells(LAW)
    success[5:] = np.nan
    assert fit_surface(success, S, V).rmse < 1e-4
    assert fit_surface(success[:2, :3], S[:2], V[:3]) is None
    assert fit_surface(success[1:], S[1:], V) is None


def brute_force(law, budget):
    """The best of all whole and half-whole S and V within the budget."""
    s, v = np.meshgrid(np.arange(1, 128, 0.5), np.arange(1, 32, 0.25), indexing="ij")
    success = np.where(COST(s, v) <= budget, law(s, v), -1)
    at = np.unravel_index(success.argmax(), success.shape)
    return s[at], v[at], success[at]


def test_the_path_is_the_best_of_all_allocations():
    path = optimal_path(LAW, COST, 128, 32)
    for i in range(6, len(path.cost), 9):
        s, v, success = brute_force(LAW, path.cost[i])
        # Halves and quarters waste a little of the budget, so they can't do better.
        assert success - 1e-5 <= path.success[i] <= success + 0.005
        assert path.S[i] == pytest.approx(s, rel=0.25)
        assert path.V[i] == pytest.approx(v, rel=0.25)
    assert COST(path.S, path.V) == pytest.approx(path.cost)


def test_asymptotic_exponents_are_those_of_calculus():
    # For kappa = 0 and large S and V: minimise G S^-alpha + D V^-beta under S V = C, so that
    # a = beta / (alpha + beta) and b = alpha / (alpha + beta).
    law = SurfaceLaw(0.2, 0.5, 0.4, 0.8, 0.4, 0.0, 0.0)
    path = optimal_path(law, LinearCost(verification=1.0), 10**7, 10**7)
    late = path.cost > path.cost[-1] / 1000
    slopes = [np.polyfit(np.log(path.cost[late]), np.log(x[late]), 1)[0] for x in (path.S, path.V)]
    assert slopes == pytest.approx([1 / 3, 2 / 3], abs=0.03)


def test_the_path_ends_where_the_pool_does():
    path = optimal_path(LAW, COST, 16, 32)
    assert path.S.max() <= 16
    assert len(path.cost) < len(optimal_path(LAW, COST, 128, 32).cost)


def test_a_path_can_be_followed_to_a_given_budget():
    own = optimal_path(LAW, COST, 16, 32)
    for last in (float(own.cost[5]), float(own.cost[-1]), 4 * float(own.cost[-1])):
        path = optimal_path(LAW, COST, 16, 32, last)
        assert path.cost[-1] == pytest.approx(last)
        assert path.S.max() <= 16  # beyond its own end, along the pool's edge
    assert len(optimal_path(LAW, COST, 16, 32, 0.0).cost) == 0


def test_verifications_that_do_nothing_are_not_bought():
    useless = SurfaceLaw(0.4, 0.3, 0.0, 0.6, 0.5, 0.0, 0.0)
    path = optimal_path(useless, COST, 128, 32)
    a, b = path.laws()
    assert (path.V == 1).all()
    assert a.exponent == pytest.approx(1, abs=1e-6)
    assert b.exponent == pytest.approx(0, abs=1e-6)


def test_the_spline_finds_the_exponents_between_coarse_cells():
    surface = interpolated(cells(LAW), S, V)
    dense, coarse = (optimal_path(f, COST, 128, 32).laws() for f in (LAW, surface))
    for exact, found in zip(dense, coarse, strict=True):
        assert found.exponent == pytest.approx(exact.exponent, abs=0.02)
    assert interpolated(np.full((3, 3), np.nan), S[:3], V[:3]) is None
    assert interpolated(cells(LAW)[:, :1], S, V[:1]) is None


def test_too_short_a_path_has_no_exponents():
    a, b = optimal_path(LAW, COST, 2, 2).laws()
    assert np.isnan([a.exponent, b.exponent]).all()


def test_cheap_budgets_predict_dear_ones_where_the_law_holds():
    found = predict_dearer(cells(LAW), S, V, COST)
    assert found.rmse < 1e-3
    assert abs(found.error) < 1e-3
    assert 0 <= found.regret < 0.02
    assert found.cells == np.count_nonzero(COST(S[:, None], V[None, :]) > found.split)


def test_they_miss_where_it_does_not():
    broken = np.where(COST(S[:, None], V[None, :]) > 100, 0.3, cells(LAW))
    assert predict_dearer(broken, S, V, COST).rmse > 0.05


def test_too_few_cells_predict_nothing():
    assert predict_dearer(cells(LAW)[:2, :2], S[:2], V[:2], COST) is None
