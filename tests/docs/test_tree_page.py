"""The page on trees followed to the letter, at a small size."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from ttc.cli._app import app

PAGE = Path(__file__).parents[2] / "docs/how-to/look-at-a-tree.md"
SMALL = ["--set", "dataset.problems=8", "--plain"]


def told(words):
    done = CliRunner().invoke(app, words)
    assert done.exception is None, done.output
    return done.output


def test_the_page_draws_its_tree_and_sums_up(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    (shell,), (tree,), (python,) = (
        re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sh", "text", "python")
    )
    run, show = (shlex.split(line)[1:] for line in shell.splitlines())
    told([*run, *SMALL])
    drawn = told(show)
    for line in tree.replace("...", "").splitlines():
        assert line in drawn
    exec(compile(python, str(PAGE), "exec"), {})
    assert "discarded" in capsys.readouterr().out


def test_a_tree_is_of_a_problem():
    done = CliRunner().invoke(app, ["show", "any", "--tree"])
    assert done.exit_code == 2
    assert "needs --problem" in done.output
