"""Who leads a vote, against a count of every beginning."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.leaders import Flip, flips, leaders
from ttc.policies import plurality

CLASSES = st.lists(st.integers(-1, 4), max_size=30).map(lambda one: np.array(one, dtype=np.int64))


@given(CLASSES)
def test_each_leader_is_what_a_vote_of_so_many_answers(classes):
    wanted = [plurality(classes[: k + 1]) for k in range(len(classes))]
    assert leaders(classes).tolist() == wanted


@given(CLASSES)
def test_flips_lead_from_the_first_answer_to_the_last(classes):
    led = [one for one in leaders(classes).tolist() if one >= 0]
    found = flips(classes)
    assert all(one.before != one.now for one in found)
    assert [one.now for one in found][-1:] == (led[-1:] if found else [])
    assert all(one.before == earlier.now for earlier, one in pairwise(found))


def test_a_vote_that_turns_twice():
    classes = np.array([2, -1, 1, 1, 2, 2])
    # 2 leads; after the third, 1 and 2 have one vote each and the lower number leads.
    assert leaders(classes).tolist() == [2, 2, 1, 1, 1, 2]
    assert flips(classes) == [Flip(3, 2, 1), Flip(6, 1, 2)]
