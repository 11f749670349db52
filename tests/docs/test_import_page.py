"""The page on importing, followed to the letter."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/import-samples.md"


def test_the_pages_samples_import_and_its_commands_work(tmp_path):
    text = PAGE.read_text()
    (samples,) = re.findall(r"```json\n(.*?)```", text, re.S)
    (commands,) = re.findall(r"```sh\n(.*?)```", text, re.S)
    (tmp_path / "samples.jsonl").write_text(samples)
    shown = ""
    for line in commands.splitlines():
        words = [sys.executable, "-m", *shlex.split(line)]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        shown += done.stdout
    assert "we say wrong, the label right: product (1 solution)" in shown
    assert "DISAGREEMENT" in shown
