"""The page on sweeps, followed to the letter."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from processes import ttc

TEXT = (Path(__file__).parents[2] / "docs/how-to/sweep.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_pages_commands_work_and_its_table_is_read(follow, tmp_path, monkeypatch, capsys):
    shown = follow(TEXT)
    for words in re.findall(r"\*\*(.*?)\*\*", TEXT):
        assert words in shown
    assert "4 cells, 4 complete, 0 to do" in shown
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.S)
    exec(code, {})
    assert "0.3" in capsys.readouterr().out


def test_the_pages_file_is_the_sweep_that_it_says(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    (tmp_path / "mine.yaml").write_text(text)
    done = ttc(tmp_path, "sweep", "mine.yaml", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["count"] == 12
