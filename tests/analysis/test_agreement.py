"""How good judges are from agreement alone: by hand, and against a planted truth."""

import numpy as np
import pytest

from ttc.analysis.agreement import (
    dawid_skene,
    log_odds,
    pairwise_covariance,
    triplet_strengths,
)
from ttc.analysis.errors import PoolError
from ttc.analysis.logistic import logistic_fit, within_auc

NAN = float("nan")
SENSITIVITY, SPECIFICITY, PRIOR = [0.9, 0.7, 0.8, 0.6], [0.8, 0.9, 0.6, 0.7], 0.4


def planted(n=40_000, seed=0, missing=0.0):
    rng = np.random.default_rng(seed)
    right = rng.random(n) < PRIOR
    yes = np.where(right[:, None], SENSITIVITY, 1 - np.array(SPECIFICITY))
    votes = (rng.random((n, 4)) < yes).astype(float)
    return np.where(rng.random((n, 4)) < missing, NAN, votes), right


def test_log_odds_are_those_of_bayes():
    """Odds 2/3; yes of the first (.9 / .2), no of the second (.3 / .9): 2/3 x 4.5 / 3 = 1."""
    weights, intercept = log_odds(PRIOR, np.array(SENSITIVITY[:2]), np.array(SPECIFICITY[:2]))
    assert intercept + weights @ [1, 0] == pytest.approx(np.log(1.0), abs=1e-12)
    assert intercept + weights @ [1, 1] == pytest.approx(np.log(2 / 3 * 4.5 * 7))


def test_strengths_by_hand():
    """Sure judges of four items, two right: covariance .25 each, so b sqrt(p (1 - p)) = 1/2."""
    votes = np.array([[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0]], dtype=float)
    assert pairwise_covariance(votes) == pytest.approx(np.full((3, 3), 0.25))
    assert triplet_strengths(votes) == pytest.approx([0.5] * 3)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_planted_rates_are_found(missing):
    votes, right = planted(missing=missing)
    b = np.array(SENSITIVITY) + SPECIFICITY - 1
    assert triplet_strengths(votes) == pytest.approx(b * np.sqrt(PRIOR * (1 - PRIOR)), abs=0.03)
    found = dawid_skene(votes)
    assert found.prior == pytest.approx(PRIOR, abs=0.03)
    assert found.sensitivity == pytest.approx(SENSITIVITY, abs=0.03)
    assert found.specificity == pytest.approx(SPECIFICITY, abs=0.03)
    best = np.mean((found.posterior > 0.5) == right)
    single = max(np.nanmean((votes[:, i] == 1) == right) for i in range(4))
    assert best > single or missing
    weights, intercept = found.linear()
    whole = ~np.isnan(votes).any(axis=1)
    odds = intercept + votes[whole] @ weights
    assert found.posterior[whole] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-6)


def test_a_judge_that_errs_more_often_than_not_counts_against():
    votes, _ = planted(20_000)
    votes[:, 3] = 1 - votes[:, 0]
    rng = np.random.default_rng(1)
    flip = rng.random(len(votes)) < 0.25  # so that it is not the first one's mirror image
    votes[:, 3] = np.where(flip, rng.integers(0, 2, len(votes)), votes[:, 3])
    assert triplet_strengths(votes)[3] < 0
    assert dawid_skene(votes).linear()[0][3] < 0


def test_two_judges_are_too_few():
    with pytest.raises(PoolError, match="can't tell which of them errs; it takes 3, or labels"):
        dawid_skene(np.ones((5, 2)))


def test_judges_that_never_differ_say_little_and_break_nothing():
    found = dawid_skene(np.ones((8, 3)))
    assert np.isfinite(found.posterior).all()
    assert np.isfinite(found.linear()[0]).all()


def test_logistic_weights_by_hand():
    """One feature: of four items at 1 three are right, at 0 one: log-odds log 3 and -log 3."""
    features = np.array([[1.0]] * 4 + [[0.0]] * 4)
    right = np.array([True, True, True, False, True, False, False, False])
    weights, intercept = logistic_fit(features, right, np.ones(8), ridge=1e-9)
    assert intercept == pytest.approx(-np.log(3), abs=1e-4)
    assert weights == pytest.approx([2 * np.log(3)], abs=1e-4)
    shrunk, _ = logistic_fit(features, right, np.ones(8), ridge=10)
    assert 0 < shrunk[0] < 1
    twice, _ = logistic_fit(features[:7], right[:7], np.array([1.0] * 6 + [2.0]), ridge=1e-9)
    assert twice == pytest.approx(weights, abs=1e-4)
    with pytest.raises(PoolError, match="all 3 solutions are right"):
        logistic_fit(features[:3], right[:3], np.ones(3))


def test_logistic_weights_find_what_was_planted():
    rng = np.random.default_rng(2)
    features = rng.random((20_000, 3))
    truth, offset = np.array([3.0, 1.0, 0.0]), -2.0
    right = rng.random(20_000) < 1 / (1 + np.exp(-(features @ truth + offset)))
    weights, intercept = logistic_fit(features, right, np.ones(len(right)))
    assert weights == pytest.approx(truth, abs=0.2)
    assert intercept == pytest.approx(offset, abs=0.2)


def test_auc_is_within_problems():
    """First problem .9 over .5, .5 against .5: 3/4; second all wrong; third 0."""
    score = np.array([0.9, 0.5, 0.5, 0.1, 0.2, 0.8, NAN])
    right = np.array([True, True, False, False, True, False, True])
    assert within_auc(score, right, np.array([0, 0, 0, 1, 2, 2, 2])) == pytest.approx(0.375)
    assert within_auc(score[:2], right[:2], np.array([0, 0])) is None
