"""Policies with verifications against enumeration of every subset, verdict draw and tie-break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.best_of_random import best_of_random, series
from ttc.analysis.estimate import Method
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.scores import ScoreLattice
from ttc.analysis.settings import EstimatorSettings
from ttc.policies import named

NAN = float("nan")


def view_of(classes, verdicts, setting, seed=1):
    pool = PoolArrays.from_ragged([classes], [0], scores=[verdicts])
    return ProblemView.of(pool, 0, setting, seed)


verdict = st.sampled_from([0.0, 1.0, NAN])
small = st.integers(1, 4).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(-1, 2), min_size=n, max_size=n),
        st.lists(st.lists(verdict, min_size=1, max_size=3), min_size=n, max_size=n),
    )
)
rules = st.builds(
    EstimatorSettings,
    verification_draws=st.sampled_from(["random", "first"]),
    invalid_verdict=st.sampled_from(["dropped", "zero", "half"]),
    draws=st.just(16),
)


@settings(max_examples=120, deadline=None)
@given(small, rules)
def test_best_of_n_is_the_mean_over_all_draws(by_enumeration, pool, setting):
    classes, verdicts = pool
    s = list(range(1, len(classes) + 1))
    v = list(range(1, max(map(len, verdicts)) + 1))
    got = named("best_of_n").estimate(view_of(classes, verdicts, setting), s, v)
    assert (got.method == Method.EXACT).all()
    expected = [
        [by_enumeration("best_of_n", classes, verdicts, a, b, setting) for b in v] for a in s
    ]
    np.testing.assert_allclose(got.value, expected, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(small, rules, st.sampled_from(["weighted_majority", "pessimistic"]))
def test_votes_are_exact_where_nothing_is_random(by_enumeration, pool, setting, policy):
    classes, verdicts = pool
    n, depth = len(classes), max(map(len, verdicts))
    got = named(policy).estimate(view_of(classes, verdicts, setting), [1, n], [depth])
    expected = [by_enumeration(policy, classes, verdicts, s, depth, setting) for s in (1, n)]
    assert got.method[0, 0] == Method.EXACT
    assert got.method[-1, 0] == Method.EXACT or n == 1
    np.testing.assert_allclose(got.value[0, 0], expected[0], atol=1e-12)
    if n > 1:
        np.testing.assert_allclose(got.value[-1, 0], expected[-1], atol=1e-12)


CASES = [
    ([0, 0, 1, 1, 2], [[1, 0, 1], [0, NAN, 1], [1, 1, 0], [0, 0, 1], [1, NAN, NAN]]),
    ([0, -1, 1, 2, 1], [[1, 0], [1, 1], [NAN, 1], [0], [0.0, 1.0]]),
]
GRADED = [([0, 1, 1, 0, 2], [[0.9, 0.2, 0.4], [0.7, 0.5, NAN], [0.3, 0.8, 0.6], [0.5], [0.1, 1.0]])]


@pytest.mark.parametrize("case", CASES + GRADED)
@pytest.mark.parametrize("policy", ["best_of_n", "weighted_majority", "pessimistic"])
def test_monte_carlo_lies_within_its_standard_error(by_enumeration, case, policy):
    classes, verdicts = case
    setting = EstimatorSettings(draws=20000, max_cost=0)
    s, v = [1, 2, 3, 5], [1, 2, 3]
    v = [size for size in v if size <= max(map(len, verdicts))]
    got = named(policy).estimate(view_of(classes, verdicts, setting, seed=5), s, v)
    assert (got.method == Method.MONTE_CARLO).any()
    for i, a in enumerate(s):
        for j, b in enumerate(v):
            expected = by_enumeration(policy, classes, verdicts, a, b, setting)
            allowed = 4 * got.standard_error[i, j] + 1e-9
            assert abs(got.value[i, j] - expected) < allowed, (a, b)


def by_recurrence(lattice, correct, s, points=60):
    """Independent computation of best-of-s: add one solution at a time, real arithmetic.

    E_n(s) = mean over s-subsets of the first n of prod H; D_n(s) the same with one right winner.
    """
    nodes, weights = np.polynomial.legendre.leggauss(points)
    u, weights = (nodes + 1) / 2, weights / 2
    total = 0.0
    for level in range(len(lattice.levels)):
        lower = lattice.mass[:, :level].sum(1)
        mass = lattice.mass[:, level]
        everyone, winner = np.zeros((s + 1, points)), np.zeros((s + 1, points))
        everyone[0] = 1.0
        for n, kind in enumerate(lattice.kind, start=1):
            h = lower[kind] + u * mass[kind]
            share = np.arange(s + 1)[:, None] / n
            up_all, up_win = np.roll(everyone, 1, axis=0), np.roll(winner, 1, axis=0)
            winner = (1 - share) * winner + share * (
                h * up_win + correct[n - 1] * mass[kind] * up_all
            )
            everyone = (1 - share) * everyone + share * h * up_all
        total += weights @ winner[s]
    return total


@pytest.mark.parametrize("s", [1, 2, 16, 64, 100, 119, 120])
def test_best_of_random_scores_agrees_with_a_recurrence(s):
    rng = np.random.default_rng(3)
    mass = rng.dirichlet(np.full(7, 0.4), size=9)
    mass[mass < 0.02] = 0.0
    mass /= mass.sum(1, keepdims=True)
    lattice = ScoreLattice(np.arange(7.0), rng.integers(9, size=120), mass)
    correct = rng.random(120) < 0.4
    got = best_of_random(lattice, correct, [s])[0]
    assert got == pytest.approx(by_recurrence(lattice, correct, s), abs=1e-11)


def test_both_ways_of_summing_are_used():
    assert series(256, 16).order > 0
    assert series(256, 128).order > 0
    assert series(6, 5).order == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_limits_of_best_of_random(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    correct = rng.random(n) < 0.5
    s = list(range(1, n + 1))
    same = ScoreLattice(np.array([0.0, 1.0]), np.zeros(n, np.int64), np.array([[0.3, 0.7]]))
    np.testing.assert_allclose(best_of_random(same, correct, s), correct.mean(), atol=1e-11)
    oracle = ScoreLattice(np.array([0.0, 1.0]), correct.astype(np.int64), np.eye(2))
    view = view_of(np.where(correct, 0, 1), [[float(c)] for c in correct], EstimatorSettings())
    passed = named("oracle").estimate(view, s, [0]).value[:, 0]
    np.testing.assert_allclose(best_of_random(oracle, correct, s), passed, atol=1e-11)
