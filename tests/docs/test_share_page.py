"""The page on sharing: its commands, on a smaller run of the recipe."""

from pathlib import Path

import pytest

from ttc.report.looks import look
from ttc.report.run_figures import NAMES

PAGE = Path(__file__).parents[2] / "docs/how-to/share-a-run.md"


@pytest.mark.slow
def test_the_pages_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    small = "ttc run quickstart --set dataset.problems=4 --set sampler.solutions=4"
    text = text.replace("ttc run quickstart\n", f"{small} --set 'grid.solutions=[2, 4]'\n")
    shown = follow(text)
    assert "licence: CC-BY-4.0" in shown
    assert "Its texts were left out" in shown
    for name in (
        "quickstart.zip",
        "curves.csv",
        "solutions.jsonl",
        "curves.pdf",
        "dataset/README.md",
    ):
        assert (tmp_path / name).is_file()


def test_the_page_names_every_figure_and_style():
    text = PAGE.read_text()
    assert [name for name in NAMES if f"`{name}`" not in text] == []
    for style in ("paper", "slides", "grey", "ggplot"):
        assert f"`{style}`" in text
        look(style=style)
