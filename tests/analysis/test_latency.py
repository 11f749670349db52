"""List scheduling: by hand, and its bounds for any DAG."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.analysis.latency import finish_times, makespan


def test_calls_take_the_slot_that_is_free_first():
    # Two slots: 3 and 1 begin, 2 follows the 1, then 2 follows the 3 (and ends at 5).
    assert finish_times([3, 1, 2, 2], [()] * 4, 2).tolist() == [3, 1, 3, 5]
    assert makespan([3, 1, 2, 2], 2) == 5
    assert makespan([], 3) == 0


def test_a_call_waits_for_what_it_follows_and_leaves_its_slot_to_others():
    # The last begins when 0 and 1 have ended, at 4; 2 is ready from the start.
    assert finish_times([4, 1, 2, 1], [(), (), (), (0, 1)], 2).tolist() == [4, 1, 3, 5]


dags = st.lists(
    st.tuples(st.floats(0, 9), st.sets(st.integers(0, 20), max_size=3)), min_size=1, max_size=14
)


@given(dags, st.integers(1, 5))
def test_within_the_bounds_of_any_schedule(told, slots):
    seconds = [s for s, _ in told]
    waits = [sorted({w % i for w in before}) if i else [] for i, (_, before) in enumerate(told)]
    ends = finish_times(seconds, waits, slots)
    path = finish_times(seconds, waits, len(seconds))
    assert finish_times(seconds, waits, 1).max() == pytest.approx(sum(seconds))
    for i, before in enumerate(waits):  # with slots for all, the longest path
        longest = max((path[w] for w in before), default=0.0)
        assert path[i] == pytest.approx(longest + seconds[i])
        assert ends[i] >= seconds[i] + max((ends[w] for w in before), default=0.0) - 1e-9
    # Graham's bound for list scheduling.
    assert ends.max() <= sum(seconds) / slots + path.max() * (1 - 1 / slots) + 1e-9
    begins = ends - np.array(seconds)
    for t in begins:
        assert ((begins < t - 1e-9) & (ends > t + 1e-9)).sum() < slots or not np.any(begins == t)
