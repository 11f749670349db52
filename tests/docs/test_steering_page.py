"""The page on steering a run, followed to the letter while its run goes on."""

import json
import re
import time
from pathlib import Path

import pytest
from processes import Command

from ttc.engine.live_settings import FIXED, LIVE

PAGE = Path(__file__).parents[2] / "docs/how-to/steer-a-run.md"


@pytest.mark.slow
def test_the_pages_commands_work(tmp_path, follow):
    text = PAGE.read_text()
    (recipe,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    (tmp_path / "long.yaml").write_text(recipe)
    with Command(tmp_path, "run", "long.yaml", "--plain") as run:
        until = time.monotonic() + 60
        while not list(tmp_path.glob("results/long/*/control/open.json")):
            assert time.monotonic() < until
            time.sleep(0.05)
        while "problems" not in (tmp_path / "results").glob("*/*/log.jsonl").__next__().read_text():
            time.sleep(0.05)
        shown = follow(text)
        assert run.wait(60) == 130
    assert "paused: no call is sent" in shown
    assert "set engine.concurrency: 2 -> 4" in shown
    assert json.loads(shown[shown.index("{") :])["ok"]


def test_it_names_every_setting():
    text = PAGE.read_text()
    for key in (*LIVE, *FIXED):
        assert f"`{key}`" in text, key
