"""Resampling: unbiased by every scheme, of known spread, and never what has no weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.samplers.search.resampling import (
    ancestors,
    annealing,
    effective_size,
    evenness,
    normalised,
)

SCHEMES = ["multinomial", "systematic", "stratified", "residual"]
schemes = pytest.mark.parametrize("scheme", SCHEMES)
WEIGHTS = np.array([0.02, 0.5, 0.0, 0.13, 0.35])


def weights_of(numbers):
    return normalised(np.log(np.array(numbers)))


positive = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=12)


def counts(scheme, weights, n, draws, seed=3):
    rng = np.random.default_rng(seed)
    drawn = [ancestors(weights, n, scheme, rng) for _ in range(draws)]
    return np.stack([np.bincount(one, minlength=len(weights)) for one in drawn])


@schemes
@pytest.mark.parametrize("n", [1, 4, 7])
def test_each_is_drawn_by_its_weight_in_the_mean(scheme, n):
    found = counts(scheme, WEIGHTS, n, 20_000)
    error = np.sqrt(n * WEIGHTS * (1 - WEIGHTS) / 20_000)
    assert (np.abs(found.mean(axis=0) - n * WEIGHTS) <= 4.5 * error + 1e-12).all()
    assert (found.sum(axis=1) == n).all()


def test_multinomial_draws_vary_as_a_multinomial_and_the_others_less():
    spread = {scheme: counts(scheme, WEIGHTS, 7, 20_000).var(axis=0).sum() for scheme in SCHEMES}
    assert spread["multinomial"] == pytest.approx((7 * WEIGHTS * (1 - WEIGHTS)).sum(), rel=0.04)
    assert all(spread[one] < 0.7 * spread["multinomial"] for one in SCHEMES[1:])


@given(numbers=positive, n=st.integers(1, 30), seed=st.integers(0, 2**32))
def test_systematic_and_residual_draws_are_near_their_mean(numbers, n, seed):
    weights = weights_of(numbers)
    for scheme, below, above in (("systematic", 1, 1), ("residual", 1, n), ("stratified", 2, 2)):
        rng = np.random.default_rng(seed)
        found = np.bincount(ancestors(weights, n, scheme, rng), minlength=len(weights))
        assert found.sum() == n
        assert (found > n * weights - below - 1e-6).all()
        assert (found < n * weights + above + 1e-6).all()


@schemes
@given(place=st.integers(0, 5), n=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_what_has_no_weight_is_never_drawn(scheme, place, n, seed):
    logs = np.full(6, -np.inf)
    logs[place] = -700.0
    drawn = ancestors(normalised(logs), n, scheme, np.random.default_rng(seed))
    assert (drawn == place).all()


class Edge:
    """A generator whose numbers are as near to 1 as they come."""

    def random(self, size=None):
        return np.full(size, np.nextafter(1.0, 0.0)) if size else np.nextafter(1.0, 0.0)


@schemes
def test_the_last_number_below_1_falls_on_the_last_one_with_weight(scheme):
    weights = np.array([0.3, 0.7, 0.0])
    assert ancestors(weights, 5, scheme, Edge()).max() == 1


def test_effective_size_and_evenness_by_hand():
    assert effective_size(np.full(4, 0.25)) == pytest.approx(4)
    assert effective_size(np.array([1.0, 0.0])) == pytest.approx(1)
    assert effective_size(np.array([0.5, 0.25, 0.25])) == pytest.approx(8 / 3)
    assert evenness(np.full(5, 0.2)) == pytest.approx(1)
    assert evenness(np.array([1.0, 0.0])) == 0
    assert evenness(np.array([0.5, 0.25, 0.25])) == pytest.approx(1.5 * np.log(2) / np.log(3))
    assert evenness(np.array([1.0])) == 1


@given(numbers=positive, least=st.floats(0.05, 0.99))
def test_annealing_is_the_least_that_leaves_weights_as_even(numbers, least):
    logs = np.log(np.array(numbers))
    power = annealing(logs, least)
    assert 0 <= power <= 1
    assert evenness(normalised(power * logs)) >= least - 1e-9
    if power < 1:
        assert evenness(normalised(min(1.0, power * 1.01 + 1e-9) * logs)) <= least + 1e-9
