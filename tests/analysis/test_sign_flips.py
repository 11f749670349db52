"""The permutation test of paired differences against brute force, SciPy and planted truth."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from ttc.analysis.intervals import paired_test
from ttc.analysis.sign_flips import sign_flip_test


def by_hand(values):
    signed = [abs(sum(s * v for s, v in zip(signs, values, strict=True)))
              for signs in product((-1, 1), repeat=len(values))]  # fmt: skip
    return np.mean([one >= abs(sum(values)) - 1e-9 for one in signed])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=3, max_size=8))
def test_few_problems_try_every_sign(values):
    assert sign_flip_test(np.array(values)) == pytest.approx(by_hand(values))


def test_all_of_one_sign_is_as_rare_as_it_gets():
    assert sign_flip_test(np.ones(5)) == pytest.approx(2 / 2**5)
    assert sign_flip_test(np.zeros(40)) == 1


def test_many_problems_agree_with_scipy():
    values = np.random.default_rng(1).normal(0.25, 1, 40)
    wanted = permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=20_000, rng=2
    ).pvalue
    assert sign_flip_test(values) == pytest.approx(wanted, abs=0.015)
    assert sign_flip_test(values) == pytest.approx(float(paired_test(values)), abs=0.02)


def test_clusters_flip_as_one():
    values = np.repeat([0.5, 0.25, -0.25, 0.5], 6)
    labels = np.repeat(np.arange(4), 6)
    assert sign_flip_test(values, labels) == pytest.approx(by_hand([0.5, 0.25, -0.25, 0.5]))
    assert sign_flip_test(values) < 0.01, "as if each of 24 problems were one of its own"


def test_columns_are_tested_as_they_would_be_alone_and_unknown_ones_not_at_all():
    values = np.random.default_rng(3).normal(0.1, 1, (30, 2, 2))
    values[4, 1, 0] = np.nan
    found = sign_flip_test(values)
    assert np.isnan(found[1, 0])
    assert found[0, 1] == sign_flip_test(values[:, 0, 1])
    assert np.isnan(sign_flip_test(np.array([0.5, 0.5])))


def test_equal_methods_are_told_apart_no_more_often_than_the_level_says():
    rng = np.random.default_rng(5)
    flips = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=(40, 2000))
    assert (sign_flip_test(flips) <= 0.05).mean() < 0.065
