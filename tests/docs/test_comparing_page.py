"""The page on comparing runs, followed to the letter."""

import re
import shlex
from pathlib import Path

import pytest
from processes import ttc

PAGE = Path(__file__).parents[2] / "docs/how-to/compare-runs.md"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_pages_commands_work_and_show_what_it_explains(tmp_path):
    text = PAGE.read_text()
    shown = ""
    for line in "".join(re.findall(r"```sh\n(.*?)```", text, re.S)).splitlines():
        words = shlex.split(line)[1:]
        if "results/temps/*" in words:  # a shell would
            runs = sorted(map(str, (tmp_path / "results/temps").iterdir()))
            at = words.index("results/temps/*")
            words[at : at + 1] = runs
        done = ttc(tmp_path, *words, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        shown += done.stdout
    for words in re.findall(r"\*\*(.*?)\*\*", text):
        assert words in shown
    for name in re.findall(r"`(comparison\.\w+|flips\.parquet)`", text):
        assert (tmp_path / "comparison" / name).stat().st_size > 0
