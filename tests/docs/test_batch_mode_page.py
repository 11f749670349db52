"""The page on batch mode, followed to the letter."""

import json
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs/how-to/batch-mode.md"


@pytest.mark.slow
def test_the_pages_commands_work(tmp_path, follow_beside_a_server):
    text = PAGE.read_text()
    shown = follow_beside_a_server(text, "waiting.yaml")
    assert "the server offers batches" in shown
    assert "no batch waits at a provider" in shown
    (manifest,) = tmp_path.glob("results/waiting/*/manifest.json")
    assert json.loads(manifest.read_text())["models"]["solver"]["facts"]["mode"] == "batch"
