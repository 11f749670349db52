"""The page on reward models: what runs here is run, the other recipes are recipes."""

import re
from pathlib import Path

from ttc.recipe import parse_recipe

PAGE = Path(__file__).parents[2] / "docs/how-to/use-a-reward-model.md"


def test_the_page_runs(tmp_path, follow):
    page = PAGE.read_text(encoding="utf-8")
    recipes = re.findall(r"```yaml\n(.*?)```", page, re.S)
    (tmp_path / "scored.yaml").write_text(recipes[0])
    shown = follow(page)
    assert "best_of_n (prm)" in shown
    for text in recipes:
        parse_recipe(text)


def test_the_page_has_every_format_measure_and_failure():
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_-]+)`", page))
    assert {"math-shepherd", "skywork", "qwen", "rlhflow"} <= named
    assert {"mean", "tail", "bottom_groups", "lowest_group", "self_certainty"} <= named
    assert {"mean_logprob", "likelihood", "p_true"} <= named
