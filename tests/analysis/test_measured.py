"""Attempts stopped at a limit, against going through them one sample after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.measured import MOST_CAPS, Attempts, caps

# An attempt: its problem, and its events: tokens of a sample, or whether an answer is right.
EVENTS = st.lists(st.one_of(st.integers(0, 9), st.booleans()), max_size=8)
WORLDS = st.lists(st.tuples(st.integers(0, 2), EVENTS), min_size=1, max_size=8)


def world(attempts):
    rows = sorted({problem for problem, _ in attempts})
    attempts = sorted(attempts, key=lambda one: one[0])
    drawn, tokens, said, cost, right = [], [], [], [], []
    for i, (_, events) in enumerate(attempts):
        so_far = 0
        for one in events:
            if isinstance(one, bool):
                said.append(i)
                cost.append(so_far)
                right.append(one)
            else:
                so_far += one
                drawn.append(i)
                tokens.append(one)
    used = {"tokens": np.array(tokens, float), "calls": np.ones(len(tokens))}
    return attempts, Attempts(
        np.array([rows.index(problem) for problem, _ in attempts]),
        np.array(drawn, int),
        used,
        np.array(said, int),
        np.array(cost, float),
        np.array(right, bool),
        np.array(cost, float),
    )


def walked(events, cap):
    """Whether the answer is right, tokens and samples, of an attempt that stops at the limit."""
    right, tokens, calls = False, 0, 0
    for one in events:
        if isinstance(one, bool):
            right = one
        elif tokens + one > cap:
            break
        else:
            tokens, calls = tokens + one, calls + 1
    return right, tokens, calls


@given(WORLDS, st.integers(0, 40))
def test_stopped_is_what_a_walk_through_the_attempt_finds(attempts, cap):
    ordered, arrays = world(attempts)
    found = arrays.stopped(cap)
    expected = [walked(events, cap) for _, events in ordered]
    assert [
        (bool(r), int(t), int(c))
        for r, t, c in zip(found.right, found.used["tokens"], found.used["calls"], strict=True)
    ] == expected


@given(WORLDS)
def test_limits_go_from_the_first_answer_to_all_that_was_used(attempts):
    _, arrays = world(attempts)
    found = caps(arrays, wanted=[3.0, 1e9])
    assert len(found) <= MOST_CAPS + 3
    assert found == sorted(set(found))
    assert found[-1] == arrays.whole().max(initial=0.0)
    assert 1e9 not in found
    if len(arrays.cost):
        first = max(1.0, arrays.cost.min())
        assert found[0] == min(first, found[-1])


def test_repeats_are_averaged_within_their_problem():
    _, arrays = world([(0, [5, True]), (0, [5, False]), (1, [5, True])])
    right = arrays.stopped(5).right.astype(float)
    assert arrays.by_problem(right).tolist() == [0.5, 1.0]
    assert np.isnan(arrays.repeat_variance(right))
    _, arrays = world([(0, [5, True]), (0, [5, False]), (1, [5, True]), (1, [5, True])])
    right = arrays.stopped(5).right.astype(float)
    assert arrays.repeat_variance(right) == pytest.approx((0.5 / 2 + 0) / 4)


def test_an_unknown_amount_is_not_known_at_any_limit():
    _, arrays = world([(0, [5, True])])
    arrays.used["flops"] = np.array([np.nan])
    assert np.isnan(arrays.stopped(0).used["flops"]).all()
