"""The papers' formulas of choosing, each against numbers worked out by hand."""

from math import log

import numpy as np
import pytest

from ttc.analysis import pass_at_k
from ttc.analysis.best_of import best_of_k
from ttc.analysis.drawn import Drawn
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.analysis.step_scores import aggregated
from ttc.analysis.weighted import pessimistic_merit
from ttc.policies import named
from ttc.policies.adaptive_consistency import AdaptiveConsistency, lead
from ttc.policies.esc import EarlyStopping
from ttc.policies.pessimistic import Pessimistic

NAN = float("nan")


def view_of(classes, scores):
    pool = PoolArrays.from_ragged([classes], [0], scores=[scores])
    return ProblemView.of(pool, 0, EstimatorSettings(), 1)


def drawn(classes, scores, verifications=1):
    return Drawn(np.array(classes), np.array(scores), np.full(len(classes), verifications))


def test_pass_at_k():
    """1 - C(n - c, k) / C(n, k): of 5 with 2 right, 1 - 3/10 and 1 - 1/10."""
    assert pass_at_k([2], 5, [1, 2, 3, 4])[0] == pytest.approx([2 / 5, 7 / 10, 9 / 10, 1])


def test_best_of_k_from_sorted_scores():
    """2504.01005: sum of c_i C(N - i - 1, k - 1) / C(N, k); c = 1 0 1 0, k = 2: (3 + 1) / 6."""
    score, right = np.array([[0.9, 0.8, 0.7, 0.1]]), np.array([[True, False, True, False]])
    assert best_of_k(score, right, [1, 2, 3, 4])[0] == pytest.approx([1 / 2, 4 / 6, 3 / 4, 1])
    tied = np.array([[0.9, 0.9, 0.7, 0.1]])  # over shuffles: (3 + 2) / 2 / 6 for each of the first
    assert best_of_k(tied, right, [2])[0] == pytest.approx([(2.5 + 1) / 6])


def test_scores_are_means_of_valid_verdicts_and_nothing_is_zero():
    """2504.01005: the first V that are not None; 0 without any; an invalid answer scores 0."""
    scores = [[1.0, NAN, 0.0], [NAN, NAN, 1.0], [1.0, 1.0, 1.0]]
    view = view_of([0, 1, -1], scores)
    first = EstimatorSettings(verification_draws="first")
    view = ProblemView(**{**vars(view), "settings": first})
    assert view.fixed_scores(1).tolist() == [1.0, 0.0, 0.0]
    assert view.fixed_scores(2).tolist() == [1.0, 0.0, 0.0]
    assert view.fixed_scores(3).tolist() == [0.5, 1.0, 0.0]


def test_weighted_vote_sums_scores_and_an_invalid_answer_never_wins():
    """2504.01005, search-and-learn: 0.5 + 0.45 against 0.9; invalid 3 x 1 counts for nothing."""
    pool = [0, 1, 1, -1, -1, -1], [0.9, 0.5, 0.45, 1.0, 1.0, 1.0]
    assert named("weighted_majority").choose(drawn(*pool)) == 1
    found = named("weighted_majority").estimate(view_of(pool[0], [[s] for s in pool[1]]), [6], [1])
    assert found.value[0, 0] == 0.0


def test_majority_ties_go_to_the_first_seen_live_and_are_shared_in_estimates():
    assert named("majority").choose(drawn([0, 1, 1, 0, -1], [NAN] * 5)) == 0
    found = named("majority").estimate(view_of([0, 1, 1, 0, -1], []), [5], [0])
    assert found.value[0, 0] == pytest.approx(0.5)


def test_pessimistic_verification():
    """r(a) - alpha ln(N) / (N_a + 1), 2510.14913 with M = 1: N = 4, ln 4 = 1.386.

    alpha 0.5: 0.9 - .693 / 2 = .5534 against 0.7 - .693 / 4 = .5267; alpha 0.6: .4841 and .4921.
    """
    pool = [0, 1, 1, 1], [0.9, 0.7, 0.8, 0.6]
    total, votes = np.array([0.9, 2.1]), np.array([1.0, 3.0])
    merit = pessimistic_merit(0.5)(total, votes, lambda: votes)
    assert merit == pytest.approx([0.9 - 0.5 * log(4) / 2, 0.7 - 0.5 * log(4) / 4])
    assert Pessimistic(alpha=0.5).choose(drawn(*pool)) == 0
    assert Pessimistic(alpha=0.6).choose(drawn(*pool)) == 1
    assert Pessimistic(alpha=0).choose(drawn(*pool)) == 0
    # With M = 8 verifications of each: ln 32 = 3.466 over 9 and 25, so the rare answer is surer.
    merit = pessimistic_merit(0.6)(total, votes, lambda: 8 * votes)
    assert merit == pytest.approx([0.9 - 0.6 * log(32) / 9, 0.7 - 0.6 * log(32) / 25])
    assert Pessimistic(alpha=0.6).choose(drawn(*pool, verifications=8)) == 0


def test_step_aggregation():
    """search-and-learn: last, min, prod; GenPRM: last, average, min. By hand, padding left out."""
    steps = np.array([[0.9, 0.5, 0.8, NAN], [NAN] * 4])
    found = {how: aggregated(steps, how) for how in ("last", "min", "product", "mean")}
    by_hand = {"last": 0.8, "min": 0.5, "product": 0.36, "mean": 2.2 / 3}
    assert {how: pytest.approx(values[0]) for how, values in found.items()} == by_hand
    assert all(np.isnan(values[1]) for values in found.values())
    assert np.isnan(aggregated(np.zeros((2, 0)), "last")).all()


def test_adaptive_consistency():
    """2305.11860: Beta(a + 1, b + 1) above 1/2; with b = 0 that is 1 - 2^-(a + 1)."""
    assert lead(3, 0) == pytest.approx(1 - 1 / 16)
    assert lead(4, 0) == pytest.approx(1 - 1 / 32)
    assert lead(1, 1) == 0.5
    assert AdaptiveConsistency().used(drawn([0] * 9, [NAN] * 9)) == 4  # the first above 0.95


def test_early_stopping():
    """2401.10480: w = 5; with answers of 0.5 each, q = 2 / 32; at most 10: 5 q + 10 (1 - q)."""
    classes = np.repeat([0, 1], 2000)
    pool = PoolArrays.from_ragged([classes], [0])
    view = ProblemView.of(pool, 0, EstimatorSettings(draws=4000, choices=4000), 1)
    found = EarlyStopping().estimate(view, [10], [0])
    assert found.used_s[0, 0] == pytest.approx(5 / 16 + 10 * 15 / 16, abs=0.2)
