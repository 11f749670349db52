"""The page on finding runs, followed to the letter."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/find-your-runs.md"


@pytest.mark.slow
def test_the_pages_commands_say_what_it_says(follow, tmp_path):
    shown = follow(PAGE.read_text(encoding="utf-8"))
    assert shown.count("planned/") >= 4
    assert "seed=1" in shown
    assert "recipe.seed" in shown
    assert (tmp_path / "curves.svg").is_file()
    assert (tmp_path / "curves.data.csv").is_file()
