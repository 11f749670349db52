"""The page on labels followed to the letter, at a small size."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ttc.cli._app import app

PAGE = Path(__file__).parents[2] / "docs/how-to/label-the-uncertain.md"
SMALL = ["--set", "dataset.problems=3", "--set", "sampler.solutions=4", "--plain"]


def commands():
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


def told(words):
    done = CliRunner().invoke(app, words)
    assert done.exception is None, done.output
    return done.output


def test_the_page_labels_and_reads_labels(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run, write, read = commands()
    told([*run, *SMALL])
    assert "12 solutions in labels.jsonl" in told(write)
    file = tmp_path / "labels.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    example = json.loads(re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
    assert all(row.keys() == example.keys() for row in rows)
    shares = [row["uncertainty"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    for row in rows:
        votes = row["votes"].values()
        assert row["uncertainty"] == pytest.approx(1 - max(votes) / sum(votes) if votes else 1)
    rows[0]["first_wrong_step"] = 0
    rows[1]["first_wrong_step"] = -1
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert "2 labels read into" in told(read)
    (kept,) = Path("results/verifiers-opv").glob("*/step_labels.jsonl")
    labels = [json.loads(line) for line in kept.read_text().splitlines()]
    assert {label["first_wrong_step"] for label in labels} == {0, -1}
    assert {label["annotator"] for label in labels} == {"ada"}
