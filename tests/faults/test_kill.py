"""A run that is killed again and again ends as if nothing had happened, and pays for nothing twice.

Processes are real: `ttc run`, SIGKILL, and a server whose samples follow from what it is asked.
Each try has a key of its own, so that the server's log tells which try sent a request.
"""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from batched import QUICK, Gateway
from journals import journalled
from processes import Command
from steady import Server

KILLS, LATE_KILLS, IN_BATCHES = 30, 3, 8
PROBLEMS, SOLUTIONS, VERIFIED, VERIFICATIONS, GROUP = 14, 24, 12, 8, 4
# Without a budget: what was under way at a kill may be billed, and would leave less of one
# (test_money.py).
RECIPE = f"""
name: killed
dataset: {{type: file, path: problems.jsonl}}
backend: {{type: openai, model: m, api_key_env: TRY, n_per_call: {GROUP}, MODE}}
sampler: {{type: independent, solutions: {SOLUTIONS}, max_tokens: 32, prompt: cot}}
verifiers:
  - type: genrm
    solutions: {VERIFIED}
    verifications: {VERIFICATIONS}
    max_tokens: 32
    score: binary
policies: [majority, best_of_n]
engine: {{concurrency: 6, max_attempts: 30, max_wait_s: 0.05, breaker_failures: 100}}
"""


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    # Replies that are lost on the way may be billed, and would leave less of the budget.
    running = Server(tmp_path / "server.jsonl", 0.1, "refusing")
    yield running
    running.stop()


def start(
    folder: Path, url: str, name: str, results: str = "results", mode: str = "mode: now"
) -> Command:
    lines = [{"id": f"q{i}", "question": f"What is {i}?", "answer": "1"} for i in range(PROBLEMS)]
    (folder / "problems.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (folder / "killed.yaml").write_text(RECIPE.replace("MODE", mode))
    words = ("run", "killed.yaml", "--plain", "--results", results)
    return Command(folder, *words, OPENAI_BASE_URL=url, TRY=f"sk-{name}")


def wait_for_the_moment(process: Command, server: Server, dice: random.Random) -> None:
    """Some moment of a run: now and then early, else after some requests of this try."""
    before, began = server.asked(), time.monotonic()
    if dice.random() < 0.2:
        time.sleep(dice.uniform(0, 1.0))  # still starting, or just begun
        return
    wanted = dice.randrange(1, 10)
    while server.asked() < before + wanted and process.poll() is None:
        assert time.monotonic() - began < 60
        time.sleep(0.003)
    time.sleep(dice.uniform(0, 0.05))


def wait_for_tables(process: Command, results: Path, dice: random.Random) -> None:
    """The moment when the sampled tables were put in place, and what follows is at work."""

    def written() -> set[int]:
        return {path.stat().st_ino for path in results.glob("killed/*/solutions.parquet")}

    before = written()
    while written() <= before and process.poll() is None:
        time.sleep(0.001)
    time.sleep(dice.uniform(0, 0.03))


def tables(results: Path) -> dict[str, pd.DataFrame]:
    (folder,) = results.glob("killed/*/")
    names = ("problems", "solutions", "verifications", "curves")
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    return {n: f.drop(columns="seconds", errors="ignore") for n, f in frames.items()}


def finish(process: Command) -> None:
    said = process.communicate(timeout=120)
    assert process.returncode == 0, said


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("mode", "kills"), [("mode: now", KILLS), (QUICK, IN_BATCHES)])
def test_kills_leave_no_trace_and_nothing_is_paid_twice(tmp_path, server, mode, kills):
    """In batches the tables are those of ordinary mode, too."""
    gateway = Gateway(server.url) if mode == QUICK else None
    try:
        check_kills(tmp_path, server, server.url if gateway is None else gateway.url, mode, kills)
    finally:
        if gateway is not None:
            gateway.stop()


def check_kills(tmp_path: Path, server: Server, url: str, mode: str, kills: int) -> None:
    dice = random.Random(4)
    results, kept = tmp_path / "results", [set()]

    def killed(wait) -> bool:
        """Start a try and kill it; whether it was still at work by then."""
        process = start(tmp_path, url, f"try-{len(kept) - 1:04}", mode=mode)
        wait(process)
        alive = process.poll() is None
        process.kill()
        process.communicate()
        kept.append(set(journalled(results, tmp_path / "copy")))
        assert kept[-2] <= kept[-1], "what was in the journal stays there"
        return alive

    for _ in range(kills):
        assert killed(lambda process: wait_for_the_moment(process, server, dice))
    for _ in range(LATE_KILLS):
        killed(lambda process: wait_for_tables(process, results, dice))
    finish(start(tmp_path, url, f"try-{len(kept) - 1:04}", mode=mode))

    calm = Server(tmp_path / "calm.jsonl", 0.0)
    try:
        finish(start(tmp_path, calm.url, "calm", results="calm"))
    finally:
        calm.stop()
    undisturbed = tables(tmp_path / "calm")
    for name, table in tables(results).items():
        pd.testing.assert_frame_equal(table, undisturbed[name])

    for entry in server.entries("asked"):
        number = int(entry["who"].removeprefix("sk-try-"))
        again = kept[number] & set(entry["texts"])
        assert not again, f"try {number} paid again for {again}"
    check_the_tries(tmp_path / "results", kills)
    assert len(undisturbed["solutions"]) + len(undisturbed["verifications"]) >= len(kept[-1])
    check_what_was_wasted(server, calm, 0 if mode == QUICK else kills * 6)


def check_the_tries(results: Path, kills: int) -> None:
    """The run is complete, and tells of all that were killed."""
    (path,) = results.glob("killed/*/manifest.json")
    manifest = json.loads(path.read_text())
    assert manifest["status"] == "complete"
    assert [t["status"] for t in manifest["tries"][:-1]].count("killed") > kills / 2


def check_what_was_wasted(server: Server, calm: Server, most: int) -> None:
    """Of what was answered, only what was under way at a kill was asked for again; of batches
    nothing.
    """
    answered = Counter(tuple(e["texts"]) for e in server.entries("answered"))
    needed = {tuple(e["texts"]) for e in calm.entries("answered")}
    assert set(answered) == needed
    assert sum(answered.values()) - len(needed) <= most
