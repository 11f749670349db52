"""What each policy picks of one problem's pool, against the rule in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.weighted import pessimistic_merit
from ttc.policies import Drawn
from ttc.policies.pessimistic import Pessimistic
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


def drawn(classes, scores, verifications=1):
    scores = np.array(scores, dtype=float)
    return Drawn(np.array(classes), scores, np.where(np.isnan(scores), 0, verifications))


@pytest.mark.parametrize(("pool", "picks"), POOLS)
def test_what_is_picked(pool, picks):
    classes, scores, gold = pool
    known = parts("policy")
    found = {n: known[n]().picks(drawn(classes, scores), {gold}) for n in picks}
    assert found == picks


solutions = st.lists(
    st.tuples(st.integers(-1, 3), st.one_of(st.just(NAN), st.floats(0, 1))), min_size=1, max_size=9
)


@given(solutions, st.integers(0, 4))
def test_a_pick_is_an_answer_that_was_given(pool, gold):
    classes, scores = (np.array(column) for column in zip(*pool, strict=True))
    verified = set(classes[(classes >= 0) & ~np.isnan(scores)])
    for name, cls in parts("policy").items():
        pick = cls().picks(drawn(classes, scores), {gold})
        judged = "scores" in cls().reads or "values" in cls().reads
        offered = verified if judged else set(classes[classes >= 0])
        assert pick == -1 or pick in offered, name
        none_better = not (scores[~np.isnan(scores)] > 0).any()
        if judged and not (name == "best_of_n" and none_better):
            assert (pick == -1) == (not verified), name


def test_more_verifications_make_a_rare_answer_surer():
    """Two solutions at .80 against six at .70: V decides, in `ttc show` as in the curves."""
    pool = [0] * 2 + [1] * 6, [0.8] * 2 + [0.7] * 6
    assert Pessimistic().choose(drawn(*pool, verifications=1)) == 1
    assert Pessimistic().choose(drawn(*pool, verifications=16)) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 16)), min_size=1, max_size=9),
    st.integers(1, 16),
)
def test_the_pessimistic_choice_is_that_of_its_curve(solutions, v):
    classes = np.array([c for c, _ in solutions])
    scores = np.array([min(hits, v) / v for _, hits in solutions])
    votes = np.bincount(classes).astype(float)
    total = np.bincount(classes, weights=scores)
    merit = pessimistic_merit(0.5)(total, votes, lambda: votes * v)
    merit = np.where(votes > 0, merit, -np.inf)
    assert merit[Pessimistic().choose(drawn(classes, scores, v))] == pytest.approx(merit.max())
