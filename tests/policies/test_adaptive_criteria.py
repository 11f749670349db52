"""Adaptive-Consistency's other criteria, by hand and against simulation (arXiv 2305.11860)."""

import numpy as np
import pytest

from ttc.analysis.drawn import Drawn
from ttc.policies.adaptive_consistency import lead
from ttc.policies.adaptive_dirichlet import AdaptiveDirichlet, leads_all
from ttc.policies.adaptive_entropy import AdaptiveEntropy, normalised_entropy
from ttc.policies.adaptive_share import AdaptiveShare


def drawn(classes):
    return Drawn(np.array(classes), np.full(len(classes), np.nan), np.zeros(len(classes), int))


@pytest.mark.parametrize("votes", [(5, 2, 1), (10, 8, 7, 3, 1), (30, 25, 1), (1, 1, 1)])
def test_the_dirichlet_leader_leads_as_often_as_in_simulation(votes):
    shares = np.random.default_rng(0).dirichlet(np.array(votes) + 1, 200_000)
    simulated = (shares[:, 0] > shares[:, 1:].max(axis=1)).mean()
    assert leads_all(votes) == pytest.approx(simulated, abs=0.005)


def test_of_two_answers_dirichlet_is_beta():
    for pair in [(0, 0), (4, 0), (7, 3), (21, 19)]:
        assert leads_all(pair) == pytest.approx(lead(*pair), abs=2e-5)


def test_only_the_top_answers_are_looked_at():
    votes = [0] * 6 + [1] + [2] + [3]
    assert AdaptiveDirichlet(top=2, sure=0.95).enough(drawn(votes))
    assert not AdaptiveDirichlet(top=4, sure=0.95).enough(drawn(votes))


def test_entropy_by_hand():
    assert normalised_entropy(np.array([2, 2])) == pytest.approx(1.0)
    # 3 of 4 against 1 of 4: 0.8113 bits of one possible.
    assert normalised_entropy(np.array([3, 1])) == pytest.approx(0.8112781)
    assert normalised_entropy(np.array([4])) == normalised_entropy(np.array([4, 1]))
    rule = AdaptiveEntropy()
    assert rule.used(drawn([0, 0, 0, 0, 0])) == 4  # (4, 1) has 0.72, (3, 1) 0.81
    assert rule.used(drawn([0, 1, 2, 0, 0, 0, 0, 0])) == 7  # 0.79 before, 0.72
    assert rule.used(drawn([-1, -1, 0])) == 3
    assert not rule.enough(drawn([-1, -1]))


def test_share_by_hand():
    rule = AdaptiveShare()
    assert rule.used(drawn([0, 0])) == 2
    assert rule.used(drawn([0, 1, 0, 0, 0, 1])) == 5
    assert rule.used(drawn([0, -1, 0, 0, 0])) == 5  # unreadable ones count among all
    assert rule.used(drawn([0])) == 1
    assert not rule.enough(drawn([0]))
