import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.coverage_law import CoverageLaw, fit_coverage_law, spaced_sizes
from ttc.analysis.errors import GridError
from ttc.analysis.passk import coverage

K = spaced_sizes(256)


@settings(max_examples=50, deadline=None)
@given(st.floats(-6, -0.01), st.floats(-1.5, -0.05))
def test_a_planted_law_is_found(a, b):
    found = fit_coverage_law(K, CoverageLaw(a, b).pass_at_k(K))
    assert found.a == pytest.approx(a, rel=1e-5)
    assert found.b == pytest.approx(b, rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_no_other_law_is_nearer(seed):
    rng = np.random.default_rng(seed)
    right = rng.binomial(256, rng.beta(0.4, 0.8, 20))
    curve = coverage(right, 256, K.tolist())
    found = fit_coverage_law(K, curve)

    def miss(law):
        return np.sum((law.pass_at_k(K) - curve) ** 2)

    least = miss(found)
    for a in -np.geomspace(0.01, 10, 25):
        for b in -np.linspace(0, 2, 25):
            assert least <= miss(CoverageLaw(a, b)) + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 16), min_size=1, max_size=10))
def test_the_law_rises_within_probabilities(right):
    sizes = spaced_sizes(16)
    law = fit_coverage_law(sizes, coverage(right, 16, sizes.tolist()))
    curve = law.pass_at_k(np.geomspace(1, 1e6, 50))
    assert law.a <= 0
    assert law.b <= 0
    assert (np.diff(curve) >= 0).all()
    assert curve.min() >= 0
    assert curve.max() <= 1


def test_limits():
    k = np.array([1, 10, 1000])
    for value in (0.0, 1.0, 0.5):
        law = fit_coverage_law(K, np.full(len(K), value))
        np.testing.assert_allclose(law.pass_at_k(k), value, atol=1e-9)
    assert fit_coverage_law(K, np.zeros(len(K))).as_dict() == {"a": None, "b": 0.0}
    jump = fit_coverage_law(K, np.where(K == 1, 0.5, 1.0))
    np.testing.assert_allclose(jump.pass_at_k([1, 2, 50]), [0.5, 1, 1], atol=1e-6)
    two = fit_coverage_law(np.array([1, 2]), np.array([0.3, 0.4]))
    np.testing.assert_allclose(two.pass_at_k([1, 2]), [0.3, 0.4], atol=1e-9)
    unseen = fit_coverage_law(np.array([1]), np.array([0.3]))
    assert np.isnan(unseen.pass_at_k(2))
    assert unseen.as_dict() == {"a": None, "b": None}


def test_sizes_are_spaced_in_the_logarithm():
    sizes = spaced_sizes(10_000)
    assert (sizes[0], sizes[-1]) == (1, 10_000)
    assert len(sizes) <= 40
    assert spaced_sizes(1).tolist() == [1]
    assert spaced_sizes(9, smallest=8).tolist() == [8, 9]
    with pytest.raises(GridError, match="no size from 3 to 2"):
        spaced_sizes(2, smallest=3)
