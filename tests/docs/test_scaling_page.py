"""The page on scaling fits, followed to the letter."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/read-a-scaling-fit.md"


@pytest.mark.slow
def test_the_pages_commands_work_and_show_what_it_explains(follow):
    shown = follow(PAGE.read_text())
    for words in re.findall(r"\*\*(.*?)\*\*", PAGE.read_text()):
        assert words in shown
    for words in ("best cells of the grid", "optimum between cells", "law of the surface"):
        assert words in shown
    assert "Within 20k a problem" in shown
