"""What each policy picks of one problem's pool, against the rule in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.registry import parts

NAN = float("nan")
# classes, scores, gold, and what each policy picks
POOLS = [
    (
        ([0, 1, 1, 2], [0.9, 0.5, 0.6, 0.95], 2),
        {"first": 0, "majority": 1, "weighted_majority": 1, "best_of_n": 2, "oracle": 2},
    ),
    # An answer that nobody gave, invalid answers, unverified solutions.
    (
        ([-1, 1, 1, 0], [1.0, NAN, NAN, 0.2], 5),
        {"first": -1, "majority": 1, "weighted_majority": 0, "best_of_n": 0, "oracle": -1},
    ),
    # Verified, and all found wrong: somebody's answer all the same, not that of the unverified.
    (
        ([0, 1, 1], [NAN, 0.0, 0.0], 0),
        {"first": 0, "majority": 1, "weighted_majority": 1, "best_of_n": 1, "oracle": 0},
    ),
    (([-1, -1], [0.5, NAN], 0), dict.fromkeys(parts("policy"), -1)),
]


@pytest.mark.parametrize(("pool", "picks"), POOLS)
def test_what_is_picked(pool, picks):
    classes, scores, gold = pool
    known = parts("policy")
    found = {n: known[n]().choose(np.array(classes), np.array(scores), gold) for n in picks}
    assert found == picks


solutions = st.lists(
    st.tuples(st.integers(-1, 3), st.one_of(st.just(NAN), st.floats(0, 1))), min_size=1, max_size=9
)


@given(solutions, st.integers(0, 4))
def test_a_pick_is_an_answer_that_was_given(pool, gold):
    classes, scores = (np.array(column) for column in zip(*pool, strict=True))
    verified = set(classes[(classes >= 0) & ~np.isnan(scores)])
    for name, cls in parts("policy").items():
        pick = cls().choose(classes, scores, gold)
        offered = verified if cls.needs_verifications else set(classes[classes >= 0])
        assert pick == -1 or pick in offered, name
        if cls.needs_verifications:
            assert (pick == -1) == (not verified), name
