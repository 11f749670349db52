"""`ttc run` on a disk that gets full: one clear message, nothing lost, and the next try goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from steady import Server

SCRIPT = Path(__file__).parent / "on_a_small_disk.py"
RECIPE = """
name: full
dataset: {{type: file, path: problems.jsonl}}
backend: {{type: openai, model: m, base_url: "{url}", api_key_env: TRY, n_per_call: 1}}
sampler: {{type: independent, solutions: {solutions}, max_tokens: 32, prompt: cot}}
policies: [majority]
engine: {{concurrency: 8}}
"""


def apart() -> list[str]:
    """How to start a process that may mount what nobody else sees; empty where that can't be."""
    for options in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        command = ["unshare", *options]
        mounts = [*command, "mount", "-t", "tmpfs", "none", "/mnt"]
        if shutil.which("unshare") and not subprocess.run(mounts, capture_output=True).returncode:
            return command
    return []


@pytest.fixture
def small(tmp_path) -> Iterator:
    """small(what, argument, solutions) runs `on_a_small_disk.py`; its answer, and the server."""
    server = Server(tmp_path / "server.jsonl", 0.0)

    def run(what: str, argument: int, solutions: int):
        if not (command := apart()):
            pytest.skip("no right to mount a small disk")
        problems = [{"id": f"q{i}", "question": f"{i}?", "answer": "1"} for i in range(8)]
        (tmp_path / "problems.jsonl").write_text("\n".join(map(json.dumps, problems)))
        (tmp_path / "recipe.yaml").write_text(RECIPE.format(url=server.url, solutions=solutions))
        done = subprocess.run(
            [*command, sys.executable, str(SCRIPT), str(tmp_path), what, str(argument)],
            stdout=subprocess.PIPE,
            text=True,
            timeout=200,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode == 0
        return json.loads(done.stdout), server

    yield run
    server.stop()


def told_well(said: str) -> bool:
    """One sentence for people, after the lines of progress."""
    return "Traceback" not in said and said.strip().splitlines()[-1].count("disk") == 1


@pytest.mark.slow
@pytest.mark.parametrize("room_is_held_back", [True, False])
def test_a_disk_that_gets_full_in_the_midst(small, room_is_held_back):
    spare = 4096 if room_is_held_back else 0
    found, server = small("small", 700 + spare, 100)
    first, second = found["tries"]
    assert first["code"] == 1, first["said"]
    assert "the disk is full; make room and run the same command again" in first["said"]
    assert told_well(first["said"])
    assert 20 < len(first["texts"]) < 800
    assert not any("parquet" in name for name in first["files"]), "no half tables lie about"

    assert second["code"] == 0, second["said"]
    assert set(first["texts"]) <= set(second["texts"])
    assert len(second["texts"]) == 800
    assert len(json.loads(found["tables"]["solutions"])["text"]) == 800
    again = [e for e in server.entries("asked") if e["who"] == "sk-try-0001"]
    assert not set(first["texts"]) & {text for e in again for text in e["texts"]}
    answered = len(server.entries("answered"))
    if room_is_held_back:
        assert answered - 800 <= 2 * 8, "only calls under way, and sent while it ends, are lost"


@pytest.mark.slow
@pytest.mark.parametrize("leave", [0, 70])
def test_a_disk_that_is_full_when_tables_are_written(small, leave):
    found, server = small("left", leave, 40)
    first, second, third = found["tries"]
    assert (first["code"], third["code"]) == (0, 0), third["said"]
    if second["code"]:
        assert second["code"] == 1
        last = second["said"].strip().splitlines()[-1]
        assert "no space left on device" in last or "the disk is full" in last
        assert "Traceback" not in second["said"]
        assert [name for name in second["files"] if name.endswith(".part")] == []
    assert first["texts"] == second["texts"] == third["texts"]
    assert len(server.entries("asked")) == 8 * 40, "the journal serves it all"
    assert len(json.loads(found["tables"]["solutions"])["text"]) == 8 * 40
