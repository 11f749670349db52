"""Samples of a prompt are handed out once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.attempt.numbers import STRIDE, Numbers
from ttc.errors import UsageError

requests = st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=4))


@given(requests)
def test_no_two_asks_get_the_same_sample(asked):
    numbers, given_out = Numbers(), set()
    for asks in asked:
        for (content, n), start in zip(asks, numbers.take(asks), strict=True):
            mine = {(content, i) for i in range(start, start + n)}
            assert len(mine) == n
            assert not mine & given_out
            given_out |= mine


@given(st.lists(st.integers(0, 9)))
def test_one_after_the_other_is_the_same_as_at_once(parts):
    numbers = Numbers()
    starts = [numbers.take([("a", n)])[0] for n in parts]
    drawn = [start + i for start, n in zip(starts, parts, strict=True) for i in range(n)]
    assert drawn == list(range(sum(parts)))


def test_how_many_the_first_gets_does_not_change_the_second():
    assert Numbers().take([("a", 3), ("a", 3)])[1] == Numbers().take([("a", 5), ("a", 3)])[1]


def test_too_many_are_refused():
    with pytest.raises(UsageError, match="samples of one prompt"):
        Numbers().take([("a", STRIDE + 1)])
