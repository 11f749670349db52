"""The page on scaling fits, followed to the letter."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/read-a-scaling-fit.md"


def test_the_pages_commands_work_and_show_what_it_explains(tmp_path):
    shown = ""
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S):
        for line in block.splitlines():
            words = [sys.executable, "-m", *shlex.split(line)]
            done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=180)
            assert done.returncode == 0, done.stderr
            shown += done.stdout
    for words in re.findall(r"\*\*(.*?)\*\*", PAGE.read_text()):
        assert words in shown
    for words in ("best cells of the grid", "optimum between cells", "law of the surface"):
        assert words in shown
    assert "Within 128 a problem" in shown
