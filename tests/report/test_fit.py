"""How a scaling fit's figures are worded."""

from __future__ import annotations

import math

import pytest

from ttc.pipeline.scaling import Interval
from ttc.report.fit import times


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Interval(0.71, 0.15, 1.22), "0.71 times the vote's (0.15 to 1.2)"),
        (Interval(1.0, 0.34, 1.7), "1 times the vote's (0.34 to 1.7)"),
        (Interval(2.5, 1.5, math.inf), "2.5 times the vote's (1.5 to never)"),
        (
            Interval(2.5, math.nan, math.nan),
            "2.5 times the vote's (no interval: few problems tell)",
        ),
    ],
)
def test_a_multiple_and_its_interval_are_in_one_form(one: Interval, said: str) -> None:
    assert times(one) == said
