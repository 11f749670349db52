"""The page on token-level speculation: its commands at a small size, and its recipes' keys."""

import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ttc.backends.nano import Nano
from ttc.backends.transformers import Transformers
from ttc.budget.cost import CostConfig
from ttc.cli._app import app

PAGE = Path(__file__).parents[2] / "docs/how-to/speculate-tokens.md"
SMALL = ["--set", "dataset.problems=2", "--set", "sampler.solutions=2", "--plain"]


@pytest.mark.slow
def test_the_pages_commands_work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (shell,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S)
    shown = []
    for line in shell.splitlines():
        words = shlex.split(line)[1:]
        done = CliRunner().invoke(app, [*words, *(SMALL if words[0] == "run" else [])])
        assert done.exception is None, done.output
        shown.append(" ".join(done.output.split()))
    chain, summed_up, tree, plain = shown
    for text in (chain, summed_up, tree):
        assert "tokens drafted" in text
        assert "times those without drafts" in text
    assert "drafted" not in plain


def test_the_pages_keys_are_those_of_recipes():
    blocks = [
        yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    ]
    assert len(blocks) == 3
    line = re.findall(r"^backend: (\{type: nano.*\})", PAGE.read_text(), re.M)
    widths = [Nano.model_validate(yaml.safe_load(one)).speculation.widths for one in line]
    assert widths == [(1, 1, 1, 1), (2, 2, 1)]
    assert Transformers.model_validate(blocks[1]["backend"]).speculation.tokens == 4
    told = CostConfig.model_validate(blocks[2]["cost"]).models["my-model"].speculation
    assert round(told.accepted_length, 2) == 3.36
