"""The page on checking an endpoint, followed to the letter."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/check-an-endpoint.md"


@pytest.mark.slow
def test_the_pages_commands_work(tmp_path, follow_beside_a_server):
    text = PAGE.read_text()
    shown = follow_beside_a_server(text, "remote.yaml")
    for check in re.findall(r"^\| `?([a-z/_ 0]+)`?,? .*\|$", text, re.M):
        if check not in ("check", "pool"):
            assert check in shown, check
    (manifest,) = tmp_path.glob("results/remote/*/manifest.json")
    (taken,) = json.loads(manifest.read_text())["models"]["solver"]["fingerprints"]
    assert len(taken["tops"]) == 8
