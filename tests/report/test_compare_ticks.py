"""Amounts at the axis of a comparison, however narrow its budgets are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttc.report.compare_figure import _ticks


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (59, 160, [70, 100, 150]),
        (300, 5000, [500, 1000, 2000, 5000]),
        (10, 1e6, [10, 100, 1e3, 1e4, 1e5, 1e6]),
        (101, 119, [101, 119]),
    ],
)
def test_round_amounts_in_any_range(low, high, told):
    assert _ticks(low, high) == pytest.approx(told)


@given(st.floats(0.01, 1e6), st.floats(1, 1e4))
def test_two_at_the_least_and_as_many_as_can_be_read(low, times):
    found = _ticks(low, low * times)
    assert found == sorted(found)
    assert 2 <= len(found) <= 13
    assert all(low * 0.949 <= tick <= low * times * 1.051 for tick in found)
