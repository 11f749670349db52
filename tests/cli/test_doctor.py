"""`ttc doctor` as a user runs it, against real server processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import ttc

ECHO = Path(__file__).parent / "echoing_server.py"
KEY = "sk-planted-0f9e8d7c6b5a4f3e2d1c"
RECIPE = """
name: looked_at
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: {type: openai, model: nano-solver, base_url: 'URL'}
sampler: {type: independent, solutions: 4, max_tokens: 64}
verifiers:
  - {type: genrm, verifications: 2, max_tokens: 64, prompt: nano-genrm,
     backend: {type: litellm, model: openai/nano-verifier, api_base: 'URL'}}
  - {type: genrm, name: inside, verifications: 2, max_tokens: 64, prompt: nano-genrm,
     backend: {type: nano, model: nano-verifier}}
policies: [majority, best_of_n]
"""


def start(*command: str) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(120)
    process.stdout.close()


@pytest.fixture
def echo_url():
    process, line = start(str(ECHO), "good")
    yield line
    stop(process)


def doctor(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    done = ttc(".", "doctor", *words, **env)
    assert "Traceback" not in done.stderr
    return done


def test_the_real_nano_server_is_healthy(nano_server):
    done = doctor(nano_server, "--model", "nano-solver")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"nano-solver at {nano_server}" in done.stdout
    assert "Healthy, no warnings." in done.stdout
    for check in ("usage", "max_tokens", "seed", "stop", "logprobs", "context", "fingerprint"):
        assert check in done.stdout


def test_the_servers_of_a_recipe(nano_server, tmp_path):
    path = tmp_path / "looked_at.yaml"
    path.write_text(RECIPE.replace("URL", nano_server))
    done = doctor(str(path), "--json", "--set", "sampler.solutions=2")
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["healthy"] is True
    solver, verifier = said["endpoints"]
    assert (solver["model"], verifier["model"]) == ("nano-solver", "nano-verifier")
    assert solver["fingerprint"]["digest"] != verifier["fingerprint"]["digest"]
    assert said["left_out"] == ["nano-verifier (nano) runs in this process"]
    assert list(tmp_path.iterdir()) == [path], "nothing is written"


@pytest.mark.slow
def test_a_server_that_lies_is_exit_code_1_and_no_key_is_shown(echo_url):
    done = doctor(echo_url, "--api-key-env", "PLANTED", "--json", PLANTED=KEY)
    assert done.returncode == 1, done.stderr
    failed = {f["check"] for f in json.loads(done.stdout)["endpoints"][0]["findings"]
              if f["level"] == "failure"}  # fmt: skip
    assert {"usage", "max_tokens", "n", "stop"} <= failed
    shown = doctor(echo_url, "--api-key-env", "PLANTED", PLANTED=KEY)
    assert shown.returncode == 1
    assert "broken" in shown.stdout
    assert KEY not in done.stdout + done.stderr + shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["localhost:8000/v1"], 2, "http://localhost:8000/v1"),
        (["http://127.0.0.1:bad/v1"], 2, "http://127.0.0.1:bad/v1: the URL's port is not a number"),
        (["http://127.0.0.1:9/v1"], 1, "is the server running"),
        (["no_such_recipe"], 2, "no such recipe"),
        (["quickstart"], 2, "no server to examine: nano-solver (nano) runs in this process"),
        (["quickstart", "--model", "m"], 2, "go with a URL"),
        (["http://h/v1", "--set", "seed=1"], 2, "a URL has none"),
        (["http://h/v1", "--api-key-env", "NO_SUCH_KEY"], 1, "NO_SUCH_KEY is not set"),
    ],
)
def test_mistakes_are_told_in_a_line(words, code, said):
    done = doctor(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_must_be_named_where_there_are_several(nano_server):
    done = doctor(nano_server)
    assert done.returncode == 1
    assert "name one with --model" in done.stderr
    done = doctor(nano_server.removesuffix("/v1"))
    assert "ends in /v1" in done.stderr
