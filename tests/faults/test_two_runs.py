"""Two runs at work on one results folder at the same time: real processes, a real server.

The server's log tells what each was charged for: every run has a key of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from journals import being_written, journalled
from processes import Command
from steady import Server

PROBLEMS = 12
RECIPE = """
name: {name}
dataset: {{type: file, path: problems.jsonl}}
backend: {{type: openai, model: m, api_key_env: TRY, n_per_call: 4}}
sampler: {{type: independent, solutions: {solutions}, max_tokens: 32, prompt: cot}}
verifiers:
  - {{type: genrm, solutions: 6, verifications: {verifications}, max_tokens: 32, score: binary}}
policies: {policies}
engine: {{concurrency: 4, problems_in_flight: 3}}
"""
# They share 16 solutions of each problem and 4 verifications of each of the first six.
RUNS = {
    "one": {"solutions": 16, "verifications": 8, "policies": "[majority]"},
    "two": {"solutions": 24, "verifications": 4, "policies": "[majority, best_of_n]"},
}
WITHOUT_LOCKS = """
import errno, fcntl, os, sys
def refuse(*_):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.lockf = refuse
from ttc.cli import main
sys.argv = ["ttc", *sys.argv[1:]]
main()
"""


@pytest.fixture
def served(tmp_path) -> Iterator[Callable[..., Server]]:
    """served(*mood) starts a server."""
    running: list[Server] = []

    def start(*mood: str) -> Server:
        running.append(Server(tmp_path / f"server-{len(running)}.jsonl", 0.0, *mood))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def start(
    folder: Path, url: str, name: str, results: str, *how: str
) -> Command | subprocess.Popen[str]:
    lines = [{"id": f"q{i}", "question": f"What is {i}?", "answer": "1"} for i in range(PROBLEMS)]
    (folder / "problems.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / f"{name}.yaml").write_text(RECIPE.format(name=name, **RUNS[name]))
    words = ("run", f"{name}.yaml", "--plain", "--results", results)
    env = {"OPENAI_BASE_URL": url, "TRY": f"sk-{name}"}
    if not how:
        return Command(folder, *words, **env)
    return subprocess.Popen(
        [sys.executable, *how, *words],
        cwd=folder,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*processes: Command | subprocess.Popen[str]) -> None:
    for process in processes:
        said = process.communicate(timeout=120)
        assert process.returncode == 0, said


def tables(results: Path, name: str) -> dict[str, pd.DataFrame]:
    (folder,) = results.glob(f"{name}/*/")
    names = ("problems", "solutions", "verifications", "curves")
    frames = {n: pd.read_parquet(folder / f"{n}.parquet") for n in names}
    return {n: f.drop(columns="seconds", errors="ignore") for n, f in frames.items()}


def texts(results: Path) -> set[str]:
    """What is in the tables of all runs."""
    found = [tables(results, name)[t] for name in RUNS for t in ("solutions", "verifications")]
    return {text for table in found for text in table["text"]}


def check_as_if_alone(folder: Path, server: Server, name: str) -> None:
    finish(start(folder, server.url, name, f"alone-{name}"))
    alone = tables(folder / f"alone-{name}", name)
    for which, table in tables(folder / "results", name).items():
        pd.testing.assert_frame_equal(table, alone[which])


def log_of(results: Path, name: str) -> str:
    (path,) = results.glob(f"{name}/*/log.jsonl")
    return path.read_text()


@pytest.mark.slow
def test_they_pay_once_for_what_they_share(tmp_path, served):
    server, results = served(), tmp_path / "results"
    finish(*(start(tmp_path, server.url, name, "results") for name in RUNS))
    asked = Counter(text for entry in server.entries("asked") for text in entry["texts"])
    assert set(asked.values()) == {1}
    assert set(asked) == texts(results) == set(journalled(results, tmp_path / "copy"))
    for name in RUNS:
        check_as_if_alone(tmp_path, served(), name)


@pytest.mark.slow
def test_one_goes_on_when_the_other_is_killed(tmp_path, served):
    server, results = served("holding"), tmp_path / "results"
    one = start(tmp_path, server.url, "one", "results")
    while server.asked() < 3:
        time.sleep(0.01)
        assert one.poll() is None
    two = start(tmp_path, server.url, "two", "results")
    while not list(results.glob("two/*/manifest.json")):
        time.sleep(0.01)
        assert one.poll() is None
    time.sleep(0.2)
    assert one.poll() is None
    durable = set(being_written(results))
    one.kill()
    one.communicate()
    finish(two)
    check_as_if_alone(tmp_path, served(), "two")
    answered = Counter(text for entry in server.entries("answered") for text in entry["texts"])
    again = {text for text, count in answered.items() if count > 1}
    assert durable, "the kill should come when something is there to be lost"
    assert not again & durable, "only what the disk did not have yet is asked for again"


@pytest.mark.slow
@pytest.mark.parametrize("locks", [True, False])
def test_tables_are_what_the_journal_holds(tmp_path, served, locks):
    """Of a model that never says the same twice, with and without a file system's locks."""
    server, results = served("moody"), tmp_path / "results"
    how = () if locks else ("-c", WITHOUT_LOCKS)
    finish(*(start(tmp_path, server.url, name, "results", *how) for name in RUNS))
    assert texts(results) == set(journalled(results, tmp_path / "copy"))
    one, two = (tables(results, name)["solutions"] for name in RUNS)
    shared = two[two["solution_index"] < RUNS["one"]["solutions"]].reset_index(drop=True)
    assert list(one["text"]) == list(shared["text"])
    for name in RUNS:
        assert ("the same samples twice" in log_of(results, name)) == (not locks)
