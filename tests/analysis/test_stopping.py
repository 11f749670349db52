"""Replays by hand, and clairvoyants against brute force."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.accepting import fewest, surely_good
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.settings import EstimatorSettings
from ttc.analysis.stopping import Rule, foreseen, replay, settles, votes
from ttc.policies import plurality
from ttc.policies.esc import EarlyStopping


@given(st.lists(st.integers(-1, 3), min_size=1, max_size=20))
def test_the_vote_of_each_prefix(classes):
    known = list(dict.fromkeys(c for c in classes if c >= 0))
    array = np.array([known.index(c) if c >= 0 else -1 for c in classes])
    path = votes(array)
    assert path.tolist() == [plurality(array[:n]) for n in range(1, len(array) + 1)]
    stop = settles(path)
    assert (path[stop - 1 :] == path[-1]).all()
    assert stop == 1 or path[stop - 2] != path[-1]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 0.2, 0.5, 0.6, 1]), min_size=3, max_size=3),
                min_size=2, max_size=3), st.integers(0, 9))  # fmt: skip
def test_the_clairvoyant_is_as_good_as_the_best_of_all_ways_to_deal(rows, total):
    """And no better than what a coin between two ways would do."""
    curve = np.array(rows, dtype=float)
    count = len(curve)
    ways = list(product(range(4), repeat=count))
    with_none = np.column_stack([np.zeros(count), curve])
    cost = np.array([sum(way) for way in ways])
    success = np.array([with_none[range(count), way].mean() for way in ways])
    found = foreseen(curve, np.array([total / count]))[0, 0]
    assert found >= success[cost <= total].max() - 1e-9
    best = max(
        success[i] + (success[j] - success[i]) * min(1, (total - cost[i]) / (cost[j] - cost[i]))
        for i in range(len(ways)) for j in range(len(ways)) if cost[i] <= total < cost[j]
    ) if total < cost.max() else success.max()  # fmt: skip
    assert found == pytest.approx(max(best, success[cost <= total].max()))


def test_a_replay_by_hand():
    """Whatever the order, four alike stop after two, and four different ones never."""
    pool = PoolArrays.from_ragged([[0] * 4, [0, 1, 2, 3]], correct_class=[0, 0])
    pool = PoolArrays(**{**vars(pool), "tokens": np.array([[10.0] * 4, [1.0, 2, 3, 4]])})
    setting = EstimatorSettings(draws=400, choices=400)
    views = [ProblemView.of(pool, i, setting, i) for i in range(2)]
    rule = EarlyStopping(window=2)
    found = replay(views, [Rule(rule.checked, rule.enough, rule.window)], 4, 400)
    assert found.rules.solutions[:, 0].tolist() == [2, 4]
    assert found.rules.tokens[:, 0].tolist() == [20, 10]
    assert found.vote.tokens.tolist() == [40, 10]
    assert found.settled.solutions.tolist() == [1, 1]
    assert found.vote.success[0] == 1
    assert found.vote.success[1] == pytest.approx(0.25, abs=0.09)  # who came first wins the tie
    assert found.curve[0].tolist() == [1] * 4


def test_the_test_of_regions_by_hand():
    assert fewest(0.1, 0.1) == 22  # 0.9^22 = 0.098
    inside = np.zeros((60, 3), dtype=bool)
    inside[:22, 0], inside[:40, 1], inside[:, 2] = True, True, True
    wrong = np.zeros(60, dtype=bool)
    wrong[40:] = True
    good, p = surely_good(inside, wrong, 0.1, 0.1)
    assert good.tolist() == [True, True, False]
    assert p[0] == pytest.approx(0.9**22)
    wrong[0] = True  # the first one fails, and all behind it
    assert not surely_good(inside, wrong, 0.1, 0.1)[0].any()


def test_regions_that_are_called_good_seldom_are_not():
    """Rates just above alpha: odds delta at most that any of the nested regions passes."""
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(1000):
        margin = rng.integers(1, 6, 80)
        inside = margin[:, None] >= np.array([5, 4, 3, 2, 1])
        wrong = rng.random(80) < 0.11
        passed += surely_good(inside, wrong, 0.1, 0.1)[0].any()
    assert passed <= 100
