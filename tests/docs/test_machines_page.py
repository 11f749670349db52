"""The page on sharing a run among machines, followed to the letter."""

from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/share-a-run-among-machines.md"


@pytest.mark.slow
def test_the_pages_commands_say_what_it_says(follow, tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    text = text.replace("=6 ", "=6 --set sampler.solutions=8 ").replace(
        "tokens=2500\n", "tokens=2500 --set sampler.solutions=8\n"
    )
    glob = "results/budgeted/*/shards/*-of-3"
    assert glob in text
    first, rest = text.split(f"ttc merge {glob}")
    shown = follow(first)
    assert "3 shards: 2 complete, 1 missing" in shown or "2 budget, 1 missing" in shown
    assert "Merged 3 shards into results/budgeted/" in shown
    folders = " ".join(str(path) for path in sorted(tmp_path.glob(glob)))
    shown = follow(f"```sh\nttc merge {folders}{rest}")
    assert "into together/budgeted/" in shown
    assert "A second pass on one machine deals that out" in shown
    assert "of its" in shown
    assert "were new to elsewhere/journal.sqlite" in shown
