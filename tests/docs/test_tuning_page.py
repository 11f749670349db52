"""The page on tuning, followed to the letter."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/tune-a-policy.md"


@pytest.mark.slow
def test_the_pages_commands_work(follow):
    shown = " ".join(follow(PAGE.read_text()).split())
    assert "tuned on 18 problems drawn by seed 0; 42 other problems to report on" in shown
    assert "18 were tuned on and are never reported on" in shown
    assert "results/mine/6c2d0cb699f8/tuned.json" in shown
