"""The page on planning, followed to the letter."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from ttc.analysis.simulate import Lengths, SimulationConfig

PAGE = Path(__file__).parents[2] / "docs/how-to/plan-an-experiment.md"


def test_the_pages_commands_work(tmp_path):
    shown = ""
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S):
        for line in block.splitlines():
            words = [sys.executable, "-m", *shlex.split(line)]
            done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=180)
            assert done.returncode == 0, done.stderr
            shown += done.stdout
    assert "planted truth: accuracy 49" in shown
    assert "To tell best_of_n S=8 V=8 from majority S=8" in shown
    assert "lengths of solver, genrm: quickstart-pilot/" in shown
    assert "32k tokens per problem" in shown


def test_the_page_has_every_parameter_of_the_model():
    table = set(re.findall(r"`(\w+)`", PAGE.read_text()))
    assert {*SimulationConfig.model_fields, *Lengths.model_fields, "seed"} <= table
