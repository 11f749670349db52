"""Real processes: a run followed from another shell, interrupted, killed, refused."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import Command, ttc

RECIPE = """
name: watched
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 200}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 256, temperature: 1.0, max_tokens: 96}
policies: [majority]
budget: {per_run: {tokens: 100000000}}
"""
WORDS = ("run", "watched.yaml", "--plain")
RUN = [sys.executable, "-m", "ttc", *WORDS]


@pytest.fixture
def running(tmp_path):
    """A run that has drawn some samples and will go on for a while."""
    (tmp_path / "watched.yaml").write_text(RECIPE)
    process = Command(tmp_path, *WORDS)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None and not drawn(tmp_path):
        time.sleep(0.02)
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def drawn(folder: Path) -> int:
    for path in folder.glob("results/watched/*/status.json"):
        return json.loads(path.read_text())["roles"].get("solver", {"done": 0})["done"]
    return 0


def status(folder, *words):
    return ttc(folder, "status", *words)


def as_json(folder):
    return json.loads(status(folder, "--json", "--events", "1000").stdout)


def run_folder(folder: Path) -> Path:
    return next(folder.glob("results/watched/*"))


def log(folder: Path):
    return [json.loads(line) for line in (run_folder(folder) / "log.jsonl").open()]


def test_a_living_run_seen_from_another_shell(tmp_path, running):
    seen = as_json(tmp_path)
    assert seen["alive"]
    assert (seen["state"], seen["stage"], seen["pid"]) == ("running", "sampling", running.pid)
    assert 0 < seen["roles"]["solver"]["done"] < seen["roles"]["solver"]["total"] == 200 * 256
    assert seen["tokens_per_second"] > 0
    assert seen["eta_seconds"] > 0
    tokens = seen["budget"]["tokens"]
    assert 0 < tokens["spent"] < tokens["limit"] == 1e8
    assert seen["events"][0]["event"] == "run_started"
    told = status(tmp_path, "watched").stdout
    for words in ("sampling", "solver", "tokens/s", "left"):
        assert words in told
    second = ttc(tmp_path, *WORDS)
    assert second.returncode == 75
    assert "another process is running watched/" in second.stderr
    assert "ttc status" in second.stderr


@pytest.mark.slow
def test_ctrl_c_says_what_is_kept_and_the_next_run_goes_on(tmp_path, running):
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert last.startswith("Interrupted: ")
    assert "journal.sqlite" in last
    assert "the same command goes on" in last
    kept = int(last.split()[1].replace(",", ""))
    assert kept > 0
    seen = as_json(tmp_path)
    assert not seen["alive"]
    assert seen["state"] == "interrupted"
    assert "interrupted; run its recipe again" in status(tmp_path).stdout
    again = Command(tmp_path, *WORDS)
    until = time.monotonic() + 60
    # Which samples were done by then is chance; the same command finds every one of them.
    while (found := as_json(tmp_path)["from_journal"]) < kept and time.monotonic() < until:
        assert again.poll() is None, again.written()
        time.sleep(0.05)
    again.send_signal(signal.SIGINT)
    _, said = again.communicate(timeout=60)
    assert found >= kept
    assert " from the journal" in said


@pytest.mark.slow
def test_a_killed_run_is_told_as_killed_and_its_tries_are_kept(tmp_path, running):
    running.kill()
    running.wait()
    seen = as_json(tmp_path)
    assert (seen["alive"], seen["state"]) == (False, "killed")
    second = Command(tmp_path, *WORDS)
    until = time.monotonic() + 60
    path = run_folder(tmp_path) / "manifest.json"
    while len(json.loads(path.read_text())["tries"]) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert as_json(tmp_path)["tries"] == 2
    second.send_signal(signal.SIGINT)
    second.wait(60)
    manifest = json.loads(path.read_text())
    first, last = manifest["tries"]
    assert (first["status"], first["ended"]) == ("killed", None)
    assert last["status"] == "interrupted"
    assert last["ended"] > last["started"] > first["started"] >= manifest["started"]
    entries = log(tmp_path)
    assert {entry["try"] for entry in entries} == {1, 2}
    assert all({"time", "level", "event", "message"} <= set(entry) for entry in entries)
    assert entries[-1]["event"] == "run_interrupted"


@pytest.mark.slow
def test_watching_ends_with_the_run(tmp_path, running):
    command = [sys.executable, "-m", "ttc", "status", "--json", "--watch", "--events", "0"]
    watcher = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    first = json.loads(watcher.stdout.readline())
    assert first["alive"]
    running.send_signal(signal.SIGINT)
    lines = watcher.communicate(timeout=60)[0].splitlines()
    assert watcher.returncode == 0
    assert json.loads(lines[-1])["state"] == "interrupted"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_does_not_end_the_run(tmp_path, monkeypatch, unbuffered):
    # What a buffer still holds fails again when Python ends; without buffers nothing is left.
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    (tmp_path / "watched.yaml").write_text(RECIPE)
    read, write = os.pipe()
    os.close(read)
    small = ["--set", "sampler.solutions=4", "--set", "dataset.problems=2"]
    done = subprocess.run(
        [*RUN, *small], cwd=tmp_path, stdout=subprocess.PIPE, stderr=write, text=True, timeout=60
    )
    os.close(write)
    assert done.returncode == 0
    assert as_json(tmp_path)["state"] == "complete"


def test_no_run_is_one_sentence(tmp_path):
    done = status(tmp_path, "nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: no run 'nothing'")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_live_display_of_a_terminal(tmp_path):
    import pty

    (tmp_path / "watched.yaml").write_text(RECIPE)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [word for word in RUN if word != "--plain"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown, asked = b"", False
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
            if re.search(rb"\d:\d\d left", shown) and not asked:
                asked = True
                process.send_signal(signal.SIGINT)
    except OSError:  # how Linux tells that the other end is closed
        pass
    os.close(ours)
    assert process.wait(60) == 130
    text = shown.decode()
    assert "sampling" in text
    assert "━" in text
    assert "Interrupted: " in text.splitlines()[-1]
    assert "Traceback" not in text
