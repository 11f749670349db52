"""The page on reports followed to the letter, at a small size."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ttc.cli._app import app

PAGE = Path(__file__).parents[2] / "docs/how-to/report-and-view.md"
SMALL = [
    "--set", "dataset.problems=4", "--set", "sampler.solutions=4",
    "--set", "verifiers.0.verifications=2", "--plain",
]  # fmt: skip


def told(words):
    done = CliRunner().invoke(app, words)
    assert done.exception is None, done.output
    return done.output


@pytest.mark.slow
def test_the_page_writes_its_reports(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text()
    (shell,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    run, whole, sent = (shlex.split(line)[1:] for line in shell.splitlines())
    told([*run, *SMALL])
    (shown,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    pattern = re.escape(shown.strip()).replace(r"\.\.\.", ".*")
    assert re.search(pattern, told(whole).replace("\n", ""))
    assert "wrote to_send.html" in told(sent)
    (file,) = tmp_path.glob("results/quickstart/*/report.html")
    assert file.read_text().startswith("<!doctype html>")
    assert (tmp_path / "to_send.html").stat().st_size < 2_000_000


def test_several_runs_need_a_file():
    done = CliRunner().invoke(app, ["report", "--help"])
    assert "--max-size" in done.output
    page = PAGE.read_text()
    assert "ttc view quickstart --open" in page
