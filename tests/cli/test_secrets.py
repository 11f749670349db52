"""A key in the environment is found nowhere in what a run leaves behind or prints."""

from __future__ import annotations

import base64
import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pandas as pd
import pytest
from processes import ttc

SERVER = Path(__file__).parent / "echoing_server.py"
KEY = "sk-planted-0f9e8d7c6b5a4f3e2d1c"
PASSWORD = "planted+pass-0a1b2c3d"
RECIPE = """
name: keyed
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: BACKEND
sampler: {type: independent, solutions: 4, max_tokens: 64, prompt: cot}
verifiers: [{type: genrm, verifications: 2, max_tokens: 64, score: binary}]
policies: [majority, best_of_n]
engine: {max_attempts: 2, max_wait_s: 0.01}
"""


@pytest.fixture
def server():
    running = []

    def start(mode: str) -> str:
        process = subprocess.Popen(
            [sys.executable, str(SERVER), mode], stdout=subprocess.PIPE, text=True
        )
        running.append(process)
        return process.stdout.readline().strip()

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def run(folder: Path, backend: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "keyed.yaml").write_text(RECIPE.replace("BACKEND", backend))
    # Tracebacks of our own faults would be printed too, and what asyncio says of calls.
    debug = {"TTC_TRACEBACK": "1", "PYTHONASYNCIODEBUG": "1"}
    return ttc(folder, "run", "keyed.yaml", *words, **debug, **env)


def everything(folder: Path) -> dict[str, str]:
    """The bytes of every file, and what is packed inside tables and journals."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            found[str(path)] = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            found[f"{path} unpacked"] = pd.read_parquet(path).to_csv()
        if path.name == "journal.sqlite":
            found[f"{path} unpacked"] = unpacked(path)
    return found


def unpacked(journal: Path) -> str:
    with sqlite3.connect(journal) as database:
        rows = database.execute("SELECT payload FROM completions").fetchall()
    return "\n".join(zlib.decompress(payload).decode() for (payload,) in rows)


def check_clean(folder: Path, *done: subprocess.CompletedProcess[str]) -> None:
    spelled = [
        *(secret[:n] for secret in (KEY, PASSWORD) for n in (12, len(secret))),
        base64.b64encode(f"me:{PASSWORD}".encode()).decode()[:20],
        PASSWORD.replace("+", "%2B"),
    ]
    texts = everything(folder)
    for i, one in enumerate(done):
        texts |= {f"stdout {i}": one.stdout, f"stderr {i}": one.stderr}
        assert "Traceback" not in one.stdout + one.stderr
    for place, text in texts.items():
        for secret in spelled:
            assert secret not in text, f"{secret!r} in {place}"


def openai(url: str) -> str:
    return f"{{type: openai, model: m, base_url: '{url}', api_key_env: PLANTED_LLM, n_per_call: 4}}"


def litellm(url: str) -> str:
    return f"{{type: litellm, model: openai/m, api_base: '{url}', api_key_env: PLANTED_LLM}}"


WRONG = "check the key in the environment variable PLANTED_LLM"


@pytest.mark.parametrize(
    ("backend", "mode", "code", "said"),
    [
        (openai, "good", 0, ""),
        (openai, "refuse", 1, WRONG),
        (openai, "crash", 1, "HTTP 500"),
        (openai, "die", 1, "gave up after 2 tries"),
        (litellm, "good", 0, ""),
        (litellm, "refuse", 1, WRONG),
    ],
)
def test_a_key_is_found_nowhere(tmp_path, server, backend, mode, code, said):
    done = run(tmp_path, backend(server(mode)), PLANTED_LLM=KEY)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    status = ttc(tmp_path, "status", "--events", "50")
    shown = ttc(tmp_path, "show", "keyed") if mode == "good" else status
    assert status.returncode == 0, status.stderr
    check_clean(tmp_path, done, status, shown)
    names = {path.name for path in tmp_path.rglob("*")}
    assert {"manifest.json", "log.jsonl", "status.json", "journal.sqlite"} <= names
    if mode == "good":
        assert "You sent Bearer [hidden]" in "".join(everything(tmp_path).values())


@pytest.mark.parametrize("mode", ["good", "refuse", "crash"])
def test_passwords_and_keys_in_the_environments_url(tmp_path, server, mode):
    quoted = PASSWORD.replace("+", "%2B")
    url = server(mode).replace("://", f"://me:{quoted}@") + f"?api_key={KEY}"
    done = run(tmp_path, "{type: openai, model: m}", OPENAI_BASE_URL=url, OPENAI_API_KEY="")
    assert done.returncode == (0 if mode == "good" else 1), done.stderr
    check_clean(tmp_path, done)


def test_any_query_of_the_environments_url_is_a_secret(tmp_path, server):
    url = server("good") + f"?code={KEY}&api-version=2024-10-21"
    done = run(tmp_path, "{type: openai, model: m}", OPENAI_BASE_URL=url, OPENAI_API_KEY="")
    assert done.returncode == 0, done.stderr
    check_clean(tmp_path, done)
    assert "api-version=2024-10-21" in "".join(everything(tmp_path).values())


@pytest.mark.parametrize(
    "secret", [f"me:{PASSWORD}@h/v1", f"h/v1?api_key={KEY}", f"h/v1?code={KEY}"]
)
@pytest.mark.parametrize("backend", ["type: openai, base_url", "type: litellm, api_base"])
def test_urls_with_secrets_are_refused_unquoted(tmp_path, secret, backend):
    done = run(tmp_path, f"{{model: openai/m, {backend}: 'http://{secret}'}}")
    assert done.returncode == 2, done.stderr
    assert "no password or key" in done.stderr
    (tmp_path / "keyed.yaml").unlink()
    check_clean(tmp_path, done)


@pytest.mark.parametrize("backend", [openai, litellm])
@pytest.mark.parametrize(
    "pasted",
    [
        f"backend.api_key_env={KEY}",
        f"backend.extra_body.api_key={KEY}",
        f"backend.extra_body={{headers: {{Authorization: Bearer {KEY}}}}}",
    ],
)
def test_a_key_pasted_into_a_recipe_is_refused_unquoted(tmp_path, server, backend, pasted):
    done = run(tmp_path, backend(server("good")), "--set", pasted, PLANTED_LLM=KEY[:8])
    assert done.returncode == 2, done.stderr
    assert "environment variable" in done.stderr
    check_clean(tmp_path, done)


def test_a_key_pasted_where_its_variables_name_belongs(tmp_path, server):
    url = server("good")
    for words in (["doctor", url, "--model", "m"], ["serve-model", "nano", "--port", "0"]):
        done = ttc(tmp_path, *words, "--api-key-env", KEY)
        assert done.returncode == 2, done.stderr
        assert "--api-key-env must be the NAME of an environment variable" in done.stderr
        check_clean(tmp_path, done)


def test_a_fault_of_our_own_tells_no_secret(tmp_path):
    code = (
        "import sys, typer, ttc.cli, ttc.cli._app as a\n"
        "@a.app.command('boom')\n"
        f"def boom(): raise RuntimeError('key is {KEY}')\n"
        "sys.argv = ['ttc', 'boom']; ttc.cli.main()"
    )
    for extra in ({}, {"TTC_TRACEBACK": "1"}):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "PLANTED_API_KEY": KEY, **extra},
        )
        assert done.returncode == 1
        assert ("Traceback" in done.stderr) == bool(extra)
        assert "RuntimeError: key is [hidden]" in done.stderr
        assert KEY not in done.stderr + done.stdout
