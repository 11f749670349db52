"""`ttc run` and samples that can't be had: told with cause and mend, kept where that is sure."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import processes
import pytest
from journals import journalled
from steady import Server

RECIPE = """
name: failing
dataset: {type: file, path: problems.jsonl}
backend: {type: openai, model: m, api_key_env: TRY, n_per_call: 2}
sampler: {type: independent, solutions: 4, max_tokens: 32, prompt: cot}
policies: [first, majority]
engine: {max_attempts: 3, max_wait_s: 0.05, max_outage_s: 5}
"""
RECORD = ("--set", "engine.give_up=record")


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    running = Server(tmp_path / "server.jsonl", 0.0)
    yield running
    running.stop()


def ttc(folder: Path, server: Server, key: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"OPENAI_BASE_URL": server.url, "TRY": key, "COLUMNS": "2000"}
    return processes.ttc(folder, *words, **env)


def run(folder, server, key, *words, questions=("What is 0?", "What is 1?", "What is 2?")):
    lines = [{"id": f"q{i}", "question": q, "answer": "1"} for i, q in enumerate(questions)]
    (folder / "problems.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "failing.yaml").write_text(RECIPE)
    return ttc(folder, server, key, "run", "failing.yaml", "--plain", *words)


def solutions(folder: Path) -> pd.DataFrame:
    (found,) = folder.glob("results/failing/*/solutions.parquet")
    return pd.read_parquet(found)


def manifest(folder: Path) -> dict:
    (found,) = folder.glob("results/failing/*/manifest.json")
    return json.loads(found.read_text())


def test_a_server_that_refuses_every_call_stops_the_run_and_nothing_of_it_is_kept(tmp_path, server):
    done = run(tmp_path, server, "sk-small-server")
    assert done.returncode == 1
    assert "every sample (solver) of 3 problems" in done.stderr
    assert "maximum context length is 16 tokens" in done.stderr
    assert "lower sampler.max_tokens" in done.stderr
    assert not journalled(tmp_path / "results", tmp_path / "copy")
    shown = ttc(tmp_path, server, "", "show", "failing").stdout
    assert "12 of 12 samples failed: context_length (12):" in shown
    for path in (tmp_path / "results").rglob("*"):
        assert path.is_dir() or b"sk-small-server" not in path.read_bytes(), path
    assert "sk-small-server" not in done.stderr + done.stdout + shown
    # With the server mended, the same command just works.
    assert run(tmp_path, server, "sk-good").returncode == 0
    assert set(solutions(tmp_path)["finish_reason"]) == {"stop"}
    assert manifest(tmp_path)["failures"] == {}


def test_what_failed_is_told_everywhere_and_asked_for_again_on_request_only(tmp_path, server):
    asked = ("What is 0?", "A LONG one?", "What is 2?")
    done = run(tmp_path, server, "sk-good", questions=asked)
    assert done.returncode == 0
    assert done.stderr.count("samples fail (context_length)") == 1
    line = "4 of 12 samples failed: context_length (4):"
    assert line in done.stdout
    assert "choose shorter prompts" in done.stdout
    assert line in ttc(tmp_path, server, "", "status", "failing").stdout
    kept = manifest(tmp_path)["failures"]["context_length"]
    assert (kept["samples"], kept["from_journal"]) == (4, 0)
    assert "HTTP 400: This model's maximum context length is 16" in kept["example"]
    before, sent = solutions(tmp_path), len(server.entries())

    # A mended server alone changes nothing, here or in another run of the same samples.
    assert "Nothing to do" in run(tmp_path, server, "sk-mended", questions=asked).stdout
    other = ("--set", "policies=[majority]", "--set", "name=other")
    told = run(tmp_path, server, "sk-mended", *other, questions=asked)
    assert "4 of them failed in an earlier run" in told.stdout
    assert "engine.retry_failed" in told.stdout
    assert len(server.entries()) == sent

    retry = ("--set", "engine.retry_failed=true")
    again = run(tmp_path, server, "sk-mended", *retry, questions=asked)
    assert again.returncode == 0
    assert "failed" not in again.stdout
    assert len(server.entries("asked")) == 4 + 2
    after = solutions(tmp_path)
    assert set(after["finish_reason"]) == {"stop"}
    well = before["finish_reason"] == "stop"
    assert list(after["text"][well]) == list(before["text"][well])


def test_a_run_goes_on_without_a_prompt_that_brings_the_server_down(tmp_path, server):
    asked = ("What is 0?", "POISON?", "What is 2?")
    done = run(tmp_path, server, "sk-good", questions=asked)
    assert done.returncode == 1
    assert "engine.give_up: record" in done.stderr
    # By now the poison may be all that is left, so that nothing else shows the server to be well.
    done = run(tmp_path, server, "sk-good", *RECORD, questions=asked)
    assert done.returncode == 0, done.stderr
    assert "4 of 12 samples failed: gave_up (4): gave up after 3 tries:" in done.stdout
    by_problem = solutions(tmp_path).groupby("problem_id", observed=True)["finish_reason"].agg(set)
    assert list(by_problem) == [{"stop"}, {"gave_up"}, {"stop"}]
    sent = len(server.entries())
    assert "Nothing to do" in run(tmp_path, server, "sk-good", *RECORD, questions=asked).stdout
    assert len(server.entries()) == sent
    retry = ("--set", "engine.retry_failed=true")
    assert run(tmp_path, server, "sk-mended", *retry, questions=asked).returncode == 0
    assert set(solutions(tmp_path)["finish_reason"]) == {"stop"}


def test_a_server_that_answers_nothing_is_no_matter_of_prompts(tmp_path, server):
    done = run(tmp_path, server, "sk-good", questions=("What is 0?",))
    assert done.returncode == 0
    done = run(tmp_path, server, "sk-dead", *RECORD)
    assert done.returncode == 1
    assert "EngineDeadError" in done.stderr
    assert len(journalled(tmp_path / "results", tmp_path / "copy")) == 4
