"""False positives against S by enumeration of every set of solutions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.judging.false_positives import false_positives


def enumerated(score, correct, k, threshold):
    sums = np.zeros(6)
    sets = list(combinations(range(len(score)), k))
    for chosen in map(list, sets):
        own, right = score[chosen], correct[chosen]
        best = own == own.max()
        wrong = (best & ~right).sum() / best.sum()
        accepted = own.max() >= threshold
        there = right.any()
        sums += [
            wrong,
            wrong * accepted,
            there,
            there * wrong,
            there * wrong * accepted,
            (not there) * accepted,
        ]
    return sums / len(sets)


@given(st.integers(0, 2**32 - 1), st.integers(1, 7))
def test_against_enumeration(seed, n):
    rng = np.random.default_rng(seed)
    score, correct = rng.integers(4, size=n) / 3, rng.random(n) < 0.4
    found = false_positives(score[None], correct[None], range(1, n + 1), 0.5)
    for k in range(1, n + 1):
        told = [
            getattr(found, name)[0, k - 1]
            for name in ("wrong", "accepted", "there", "missed", "deceived", "hopeless")
        ]
        assert told == pytest.approx(enumerated(score, correct, k, 0.5), abs=1e-12)


def test_by_hand_with_padding():
    """A wrong 0.9, a right 0.6 and a wrong 0.1: two drawn have the 0.9 in two of three."""
    score = np.array([[0.9, 0.6, 0.1], [1.0, np.nan, np.nan]])
    correct = np.array([[False, True, False], [True, False, False]])
    found = false_positives(score, correct, [1, 2, 3], 0.5)
    assert found.wrong[0] == pytest.approx([2 / 3, 2 / 3, 1])
    assert found.accepted[0] == pytest.approx([1 / 3, 2 / 3, 1])
    assert found.missed[0] == pytest.approx([0, 1 / 3, 1])
    assert found.hopeless[0] == pytest.approx([1 / 3, 1 / 3, 0])
    assert found.wrong[1, 0] == 0
    assert np.isnan(found.accepted[1, 1:]).all()
