"""`ttc run` when calls fail for good: some end the run at once, others are recorded as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from journals import journalled
from processes import ttc
from steady import Server

QUESTIONS = ["What is 0?", "A LONG one?", "What is 2?", "One that is FILTERED?"]
RECIPE = """
name: classes
dataset: {type: file, path: problems.jsonl}
backend: {type: openai, model: MODEL, api_key_env: TRY, n_per_call: 2, check_model: CHECK}
sampler: {type: independent, solutions: 4, max_tokens: 32, prompt: cot}
verifiers:
  - {type: genrm, solutions: 2, verifications: 2, max_tokens: 32, score: binary}
policies: [majority, best_of_n]
"""


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    running = Server(tmp_path / "server.jsonl", 0.0)
    yield running
    running.stop()


def run(folder: Path, server: Server, key="sk-good", model="m", check=True, *words):
    lines = [{"id": f"q{i}", "question": q, "answer": "1"} for i, q in enumerate(QUESTIONS)]
    (folder / "problems.jsonl").write_text("\n".join(map(json.dumps, lines)))
    recipe = RECIPE.replace("MODEL", model).replace("CHECK", str(check).lower())
    (folder / "classes.yaml").write_text(recipe)
    words = ("run", "classes.yaml", "--plain", *words)
    return ttc(folder, *words, OPENAI_BASE_URL=server.url, TRY=key)


@pytest.mark.parametrize(
    ("key", "model", "check", "said", "sent"),
    [
        ("sk-expired", "m", True, "check the key in the environment variable TRY", 64),
        ("sk-good", "x", False, "check the model name ('x') and the base URL", 64),
        ("sk-good", "x", True, "'x'", 0),
    ],
)
def test_what_no_call_can_survive_ends_the_run_at_once(
    tmp_path, server, key, model, check, said, sent
):
    done = run(tmp_path, server, key, model, check)
    assert done.returncode == 1
    (last,) = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert last
    assert len(server.entries("refused")) <= sent
    assert not server.entries("asked")
    assert not journalled(tmp_path / "results", tmp_path / "copy"), "a failure is not a sample"
    # With the cause mended, the same command goes on.
    if key != "sk-good":
        assert run(tmp_path, server).returncode == 0


def test_what_concerns_one_call_is_recorded_and_the_run_goes_on(tmp_path, server):
    done = run(tmp_path, server)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("results/classes/*/")
    solutions = pd.read_parquet(folder / "solutions.parquet")
    by_problem = solutions.groupby("problem_id", observed=True)["finish_reason"].agg(set)
    assert list(by_problem) == [{"stop"}, {"context_length"}, {"stop"}, {"content_filter"}]
    assert len(solutions) == 4 * len(QUESTIONS)
    failed = solutions[solutions["finish_reason"] != "stop"]
    assert set(failed["text"]) == {""}
    assert not failed["correct"].any()
    assert json.loads((folder / "status.json").read_text())["failed_samples"] >= 8
    # Neither this run nor one that asks for more asks for them again.
    before = len(server.entries("refused"))
    assert "Nothing to do" in run(tmp_path, server).stdout
    assert (
        run(tmp_path, server, "sk-good", "m", True, "--set", "policies=[majority]").returncode == 0
    )
    assert len(server.entries("refused")) == before
