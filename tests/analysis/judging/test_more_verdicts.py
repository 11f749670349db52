"""The law of the mean of V verdicts by enumeration, and what follows of it."""

from itertools import combinations

import numpy as np
import pytest

from ttc.analysis.judging.levels import Levels, auc
from ttc.analysis.judging.more_verdicts import score_law

NAN = np.nan
VERDICTS = np.array([[1, 1, 0, 1], [0, 1, 0, NAN], [0, 0, 0, 0], [1, 0, NAN, NAN]], dtype=float)
COUNTS = np.array([4, 4, 4, 2])
RIGHT = np.array([True, True, False, False])


def means(row, count, v):
    found = []
    for chosen in combinations(row[:count], min(v, count)):
        kept = [x for x in chosen if not np.isnan(x)]
        found.append(sum(kept) / len(kept) if kept else 0.0)
    return np.array(found)


def test_acceptance_and_auc_by_enumeration():
    laws = score_law(VERDICTS, COUNTS, [1, 2, 4], np.random.default_rng(0))
    for v, law in zip([1, 2, 4], laws, strict=True):
        assert law.exact
        each = [means(row, n, v) for row, n in zip(VERDICTS, COUNTS, strict=True)]
        assert law.accepted(0.5) == pytest.approx([(one >= 0.5).mean() for one in each])
        areas = [
            np.mean([(a > b) + (a == b) / 2 for a in each[i] for b in each[j]])
            for i in (0, 1)
            for j in (2, 3)
        ]
        assert auc(law.ranked(RIGHT)) == pytest.approx(np.mean(areas))


def test_other_scores_by_monte_carlo_and_all_of_them_exactly():
    rng = np.random.default_rng(1)
    values = rng.random((30, 6))
    right = np.arange(30) < 15
    some, whole = score_law(values, np.full(30, 6), [2, 6], rng, draws=4000)
    assert (some.exact, whole.exact) == (False, True)
    share = [(means(row, 6, 2) >= 0.5).mean() for row in values]
    assert some.accepted(0.5) == pytest.approx(share, abs=0.05)
    assert auc(whole.ranked(right)) == pytest.approx(
        float(auc(Levels.of(values.mean(axis=1), right)))
    )
