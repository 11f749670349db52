"""Metrics of repeated samples against enumeration of subsets, integrals and planted posteriors."""

import gzip
import json
from itertools import combinations, pairwise
from math import ceil, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from ttc.analysis.errors import GridError, PoolError
from ttc.analysis.passk import coverage, pass_at_k
from ttc.analysis.reliability import (
    bayes_at_n,
    bayes_of_outcomes,
    coverage_area,
    g_pass_at_k,
    mg_pass_at_k,
    pass_hat_k,
)

# Beside the checkout, or beside the folder of its work trees.
POOLS = next(
    (p for up in (3, 4) if (p := Path(__file__).parents[up] / "shared/data/pools").is_dir()), None
)
counts = st.lists(
    st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=4,
)


def columns(problems):
    return [np.array(column) for column in zip(*problems, strict=True)]


def numbers_right(c, n, k):
    """How many are right in each subset of k of n."""
    labels = [i < c for i in range(n)]
    return np.array([sum(subset) for subset in combinations(labels, k)])


@given(counts, st.sampled_from([0.01, 0.25, 0.5, 0.6, 0.75, 0.9, 1.0]))
def test_every_metric_is_its_mean_over_subsets(problems, tau):
    right, total = columns(problems)
    sizes = list(range(1, int(total.max()) + 1))
    found = {
        "pass^k": pass_hat_k(right, total, sizes),
        "g": g_pass_at_k(right, total, sizes, tau),
        "mg": mg_pass_at_k(right, total, sizes),
    }
    for i, (c, n) in enumerate(problems):
        for column, k in enumerate(sizes):
            cells = {name: values[i, column] for name, values in found.items()}
            if k > n:
                assert np.isnan(list(cells.values())).all()
                continue
            x = numbers_right(c, n, k)
            levels = range(ceil(k / 2) + 1, k + 1)
            assert cells["pass^k"] == pytest.approx(np.mean(x == k), abs=1e-12)
            assert cells["g"] == pytest.approx(np.mean(x >= ceil(round(tau * k, 9))), abs=1e-12)
            published = 2 / k * sum(np.mean(x >= i) for i in levels)
            assert cells["mg"] == pytest.approx(published, abs=1e-12)


@given(counts)
def test_they_lie_between_all_right_and_one_right(problems):
    right, total = columns(problems)
    sizes = list(range(1, int(total.min()) + 1))
    every, some = pass_hat_k(right, total, sizes), pass_at_k(right, total, sizes)
    np.testing.assert_allclose(g_pass_at_k(right, total, sizes, 1.0), every, atol=1e-12)
    np.testing.assert_allclose(g_pass_at_k(right, total, sizes, 1e-6), some, atol=1e-12)
    for k, low, half in zip(sizes, every.T, mg_pass_at_k(right, total, sizes).T, strict=True):
        upper = g_pass_at_k(right, total, [k], 0.5)[:, 0]
        assert (half <= upper + 1e-12).all()
        if k % 2 == 0:
            assert (low <= half + 1e-12).all()


@pytest.mark.parametrize("k", [2, 4, 10])
def test_the_mean_over_tau_is_an_integral_where_k_is_even(k):
    def at(tau):
        return g_pass_at_k(7, 12, [k], tau)[0, 0]

    edges = [i / k for i in range(k // 2, k + 1)]
    area = sum(quad(at, a + 1e-9, b, limit=20)[0] for a, b in pairwise(edges))
    assert mg_pass_at_k(7, 12, [k])[0, 0] == pytest.approx(2 * area, abs=1e-6)


def test_large_pools_keep_their_digits():
    """Against the law of large numbers' neighbour: half of 100,000 right, k = 1000."""
    found = g_pass_at_k([50_000], [100_000], [1000, 1001], 0.5)[0]
    assert found[1] == pytest.approx(0.5, abs=1e-9)  # of an odd k, at least half is a fair coin
    assert 0.5 < found[0] < 0.52
    assert pass_hat_k([99_999], [100_000], [1000])[0, 0] == pytest.approx(0.99)


@given(counts)
def test_the_area_is_that_of_the_curve(problems):
    right, total = columns(problems)
    most = int(total.min())
    found = coverage_area(right, total)
    for (c, n), area in zip(problems, found, strict=True):
        curve = [np.mean(numbers_right(c, n, k) > 0) for k in range(1, most + 1)]
        if most == 1:
            assert area == pytest.approx(c / n)
            continue
        grid = np.geomspace(1, most, 20_001)
        fine = np.interp(np.log(grid), np.log(np.arange(1, most + 1)), curve)
        expected = np.trapezoid(fine, np.log(grid)) / log(most)
        assert area == pytest.approx(expected, abs=1e-6)


def test_areas_of_known_curves():
    assert coverage_area([0, 5, 64], [64, 5, 64]) == pytest.approx([0.0, 1.0, 1.0])
    assert np.isnan(coverage_area([1, 1], [2, 4], 4)).tolist() == [True, False]
    one_of_many = coverage_area([1], [1000])[0]  # pass@k = k/1000
    # Straight lines in log k lie above k/1000, by a share of at most 1/24 at k = 1.
    assert one_of_many == pytest.approx((1 - 1e-3) / log(1000), rel=2e-3)


def test_bayes_at_n_is_the_posterior_that_planted_rates_have():
    """Of rates from the prior, those seen with c of n right: their mean, spread and interval."""
    rng = np.random.default_rng(5)
    for a, b, n, c in [(1.0, 1.0, 4, 0), (1.0, 1.0, 8, 6), (0.5, 2.0, 3, 1)]:
        rate = rng.beta(a, b, 400_000)
        like = rate[rng.binomial(n, rate) == c]
        found = bayes_at_n([c], [n], prior=(a, b), level=0.9)
        assert found.mean[0] == pytest.approx(like.mean(), abs=4 * like.std() / len(like) ** 0.5)
        assert found.sd[0] == pytest.approx(like.std(), rel=0.02)
        inside = np.mean((like >= found.low[0]) & (like <= found.high[0]))
        assert inside == pytest.approx(0.9, abs=0.01)


def test_bayes_at_n_of_all_problems():
    found = bayes_at_n([0, 3, 5], [4, 4, 5])
    np.testing.assert_allclose(found.mean, [1 / 6, 4 / 6, 6 / 7])
    assert found.overall == pytest.approx(np.mean([1 / 6, 4 / 6, 6 / 7]))
    assert found.overall_sd == pytest.approx(np.sqrt(np.sum(found.sd**2)) / 3)


def test_outcomes_that_are_worth_something():
    """The worked example of the method's authors: five outcomes of two problems, worth 0, 1/2, 1.

    The figures are those that their package prints, without prior outcomes and with two a problem.
    """
    seen = np.array([[1, 2, 2], [1, 2, 2]])
    plain = bayes_of_outcomes(seen, [0, 0.5, 1])
    assert (plain.overall, plain.overall_sd) == pytest.approx((0.5625, 0.091998), abs=1e-6)
    before = np.array([[1, 0, 1], [0, 1, 1]])
    more = bayes_of_outcomes(seen + before, [0, 0.5, 1])
    assert (more.overall, more.overall_sd) == pytest.approx((0.575, 0.084275), abs=1e-6)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: pass_hat_k([1], [2], [3]), GridError),
        (lambda: g_pass_at_k([1], [2], [1], 0.0), GridError),
        (lambda: g_pass_at_k([1], [2], [1], 1.1), GridError),
        (lambda: mg_pass_at_k([1], [2], []), GridError),
        (lambda: coverage_area([1], [2], 3), GridError),
        (lambda: pass_hat_k([3], [2], [1]), PoolError),
        (lambda: bayes_at_n([1], [2], prior=(0.0, 1.0)), PoolError),
        (lambda: bayes_of_outcomes([[1, 2]], [0, 1, 2]), PoolError),
    ],
)
def test_what_makes_no_sense(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.skipif(POOLS is None, reason="no shared/data/pools beside this checkout")
def test_published_reliability_of_an_agent():
    """The table in tau-bench's repository: gpt-4o on the airline tasks, four trials of each."""
    with gzip.open(POOLS / "tau_bench_airline_gpt4o_4trials.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    right = [sum(bool(s["correct"]) for s in row["solutions"]) for row in rows]
    found = pass_hat_k(right, [len(row["solutions"]) for row in rows], [1, 2, 3, 4]).mean(axis=0)
    assert found.round(3).tolist() == [0.420, 0.273, 0.220, 0.200]
    assert coverage(right, 4, [2, 3, 4]).round(3).tolist() == [0.567, 0.660, 0.720]
