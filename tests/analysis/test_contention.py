"""Which verdicts may still change the choice: by brute force, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.analysis.contention import Contention, Said

SCORES = st.sampled_from([0.0, 0.3, 0.5, 1.0, None])


def said(rows):
    """What lists of scores say."""
    made = Said.nothing(len(rows))
    for i, row in enumerate(rows):
        for score in row:
            made.add(i, score)
    return made


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.integers(-1, 2), st.lists(SCORES, min_size=3, max_size=3)),
        min_size=1,
        max_size=7,
    ),
    st.sampled_from(["weighted_majority", "best_of_n"]),
)
def test_the_choice_is_that_of_all_verdicts(rows, how):
    classes = np.array([c for c, _ in rows])
    whole = [verdicts for _, verdicts in rows]
    rule, so_far = Contention(3, how), Said.nothing(len(rows))
    while len(wanted := rule.wanted(classes, so_far)):
        for i in wanted:
            so_far.add(i, whole[i][so_far.asked[i]])
    assert so_far.asked.sum() <= 3 * (classes >= 0).sum()
    full = said([own if c >= 0 else [] for c, own in zip(classes, whole, strict=True)])
    several = len({c for c in classes if c >= 0}) > 1
    assert not several or rule.choice(classes, so_far) == rule.choice(classes, full)


def test_bounds_by_hand():
    rows = said([[1.0, 0.0], [None, 1.0], []])
    low, high = Contention(4, "best_of_n").bounds(rows)
    assert low.tolist() == [1 / 4, 1 / 3, 0]
    assert high.tolist() == [3 / 4, 1, 1]
    # Half as far from means of 1/2, of 1, and of a half where nothing is known.
    low, high = Contention(4, "best_of_n", reach=0.5).bounds(rows)
    assert low == pytest.approx([3 / 8, 2 / 3, 1 / 4])
    assert high == pytest.approx([5 / 8, 1, 3 / 4])


@pytest.mark.parametrize("reach", [0.0, 0.4, 1.0])
def test_once_all_is_said_bounds_are_means(reach):
    low, high = Contention(2, "best_of_n", reach).bounds(said([[1.0, 0.0], [None, None], [0.3, 1]]))
    assert low == pytest.approx([0.5, 0, 0.65])
    assert high == pytest.approx(low)


def test_a_clear_lead_asks_for_nothing_more():
    """Three sure solutions against one: even four verdicts of 1 do not help the one."""
    classes, vote = np.array([0, 0, 0, 1]), Contention(4, "weighted_majority")
    assert vote.wanted(classes, said([[], [], [], []])).tolist() == [0, 1, 2, 3]
    assert vote.wanted(classes, said([[1.0] * 2] * 3 + [[0.0] * 2])).tolist() == []
    # One answer is out, the two others go on.
    three = np.array([0, 1, 2])
    heard = said([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    assert vote.wanted(three, heard).tolist() == [0, 1]
    nobody = Contention(4, "best_of_n").wanted(np.array([0, 0, -1]), said([[], [], []]))
    assert nobody.tolist() == []


def test_a_shorter_reach_asks_less_and_may_choose_otherwise():
    """Two solutions were accepted once, one refused. Of three verdicts each, the two may end at 1/3
    and the one at 2/3; with half the reach, at 2/3 and at 1/3.
    """
    classes, heard = np.array([0, 0, 1]), said([[1.0], [1.0], [0.0]])
    assert Contention(3, "weighted_majority").wanted(classes, heard).tolist() == [0, 1, 2]
    near = Contention(3, "weighted_majority", reach=0.5)
    assert near.wanted(classes, heard).tolist() == []
    assert near.choice(classes, heard) == 0
    # Without a verdict, one of no reach takes the plurality.
    blind = Contention(3, "weighted_majority", reach=0.0)
    assert blind.wanted(classes, Said.nothing(3)).tolist() == []
    assert blind.choice(classes, Said.nothing(3)) == 0
