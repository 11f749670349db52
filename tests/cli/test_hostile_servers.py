"""Servers whose words mean harm, to the terminal of `ttc run` and `ttc doctor` and to their key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hostile_terminal import harms, on_a_terminal
from hostile_words import HOSTILE
from test_secrets import everything

KEY = "sk-planted-0f9e8d7c6b5a4f3e2d1c"
SERVER = Path(__file__).parent / "hostile_server.py"
RECIPE = """
name: harmed
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: {type: KIND, model: MODEL, api_key_env: PLANTED_LLM, BASE: 'URL', n_per_call: 2}
sampler: {type: independent, solutions: 4, max_tokens: 500, prompt: cot, logprobs: true}
verifiers: [{type: genrm, verifications: 2, max_tokens: 500}]
policies: [majority, best_of_n]
engine: {max_attempts: 4, max_wait_s: 0.01}
results: 'res[/ult] :boom:'
"""


@pytest.fixture
def server(request):
    command = [sys.executable, str(SERVER), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.kill()


def recipe(folder: Path, url: str, kind: str = "openai") -> str:
    model, base = ("m", "base_url") if kind == "openai" else ("openai/m", "api_base")
    text = RECIPE.replace("KIND", kind).replace("MODEL", model).replace("BASE", base)
    (folder / "harmed.yaml").write_text(text.replace("URL", url))
    return "harmed.yaml"


def check_files(folder: Path) -> None:
    """No file holds the key in any case, and none for people holds a control character."""
    for place, text in everything(folder).items():
        for part in (KEY[:12], KEY[8:20], KEY[-10:]):
            assert part.lower() not in text.lower(), place
        if place.endswith((".json", ".jsonl")):
            raw = Path(place).read_text()
            assert not {c for c in raw if harms(c)}, place
            for line in raw.splitlines() if place.endswith("l") else [raw]:
                json.loads(line)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["openai", "litellm"])
@pytest.mark.parametrize("server", ["answer"], indirect=True)
def test_answers_are_kept_and_do_no_harm(tmp_path, server, kind):
    run = on_a_terminal(tmp_path, "run", recipe(tmp_path, server, kind), PLANTED_LLM=KEY)
    run.check(0, shows=False)
    check_files(tmp_path)
    (made,) = (path.parent for path in tmp_path.rglob("solutions.parquet"))
    solutions = pd.read_parquet(made / "solutions.parquet")
    assert solutions["text"].str.contains(HOSTILE, regex=False).all()
    assert solutions["text"].str.contains("[hidden]", regex=False).all()
    if kind == "openai":  # litellm has words of its own
        assert solutions["finish_reason"].str.contains("[hidden]", regex=False).all()
    problem = str(solutions["problem_id"][0])
    for words in (["show", str(made)], ["show", str(made), "--problem", problem], ["status"]):
        shown = on_a_terminal(tmp_path, *words, "--results", str(made.parents[1]), PLANTED_LLM=KEY)
        shown.check(0, shows="--problem" in words)
        assert "f9e8d7c6" not in shown.text.lower()


@pytest.mark.slow
@pytest.mark.parametrize("server", ["refuse", "crash", "unknown", "lost"], indirect=True)
def test_errors_are_told_and_do_no_harm(tmp_path, server):
    name = recipe(tmp_path, server)
    run = on_a_terminal(tmp_path, "run", name, PLANTED_LLM=KEY)
    run.check(shows=False)
    status = on_a_terminal(tmp_path, "status", "--results", "res[/ult] :boom:", "--events", "50")
    status.check(shows=False)
    doctor = on_a_terminal(tmp_path, "doctor", name, PLANTED_LLM=KEY)
    doctor.check()
    for done in (run, status, doctor):
        assert "f9e8d7c6" not in done.text.lower()
    check_files(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["answer"], indirect=True)
def test_a_doctor_is_not_harmed(tmp_path, server):
    name = recipe(tmp_path, server)
    for words in ([name], [name, "--json"], [server.replace("://", f"://me:{KEY}@")]):
        done = on_a_terminal(tmp_path, "doctor", *words, PLANTED_LLM=KEY)
        done.check()
        assert "f9e8d7c6" not in done.text.lower()
