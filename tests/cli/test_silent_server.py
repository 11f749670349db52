"""A server that takes connections and never says a word, as a loaded or stuck one does."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest
from processes import ttc

RECIPE = """
name: silent
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: BACKEND
sampler: {type: independent, solutions: 2, max_tokens: 8}
policies: [majority]
"""


@pytest.fixture
def silent():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


def run(folder: Path, backend: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "silent.yaml").write_text(RECIPE.replace("BACKEND", backend))
    return ttc(folder, "run", "silent.yaml", timeout=60, **env)


@pytest.mark.parametrize("check", ["true", "false"])
def test_it_is_named_within_seconds(tmp_path, silent, check):
    urls = f"base_urls: ['{silent}', 'http://127.0.0.1:9/v1']"
    done = run(tmp_path, f"{{type: openai, model: m, {urls}, timeout: 1, check_model: {check}}}")
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"Error: no answer from any server of the pool ({silent}: no ")
    assert "within 1 s; http://127.0.0.1:9/v1: no connection" in last
    assert "fault of ttc" not in done.stderr


@pytest.mark.parametrize(
    ("backend", "code", "said"),
    [
        ("{type: openai, model: m, base_url: 'http://127.0.0.1:bad/v1'}", 2, "silent.yaml:4:"),
        ("{type: litellm, model: openai/m, api_base: 'http://h:bad/v1'}", 2, "silent.yaml:4:"),
        ("{type: openai, model: m}", 1, "OPENAI_BASE_URL holds no address"),
    ],
)
def test_an_address_that_is_none_is_told_before_any_call(tmp_path, backend, code, said):
    done = run(tmp_path, backend, OPENAI_BASE_URL="http://127.0.0.1:bad/v1")
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "the URL's port is not a number from 1 to 65535" in done.stderr
    assert "fault of ttc" not in done.stderr
