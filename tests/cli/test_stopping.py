"""Real processes: what is under way when a run is stopped is paid for, so it is kept."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import Command

from ttc.engine.codec import unpack

SERVER = Path(__file__).with_name("slow_server.py")
RECIPE = """
name: stopped
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 8}
backend: {type: openai, base_url: "%s", model: m, n_per_call: 4, max_logprobs: 0}
sampler: {type: independent, solutions: 32, temperature: 1.0, max_tokens: 30}
policies: [majority]
"""


class World:
    """A slow server and a run against it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "server.jsonl"
        self.processes: list[Command | subprocess.Popen] = []

    def _start(self, *words: str) -> subprocess.Popen:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, *words], cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )
        self.processes.append(process)
        return process

    def serve(self, *how: object) -> None:
        self.url = self._start(str(SERVER), str(self.log), *map(str, how)).stdout.readline().strip()

    def run(self, *overrides: str) -> Command:
        (self.folder / "stopped.yaml").write_text(RECIPE % self.url)
        words = [word for each in overrides for word in ("--set", each)]
        command = Command(self.folder, "run", "stopped.yaml", "--plain", *words)
        self.processes.append(command)
        return command

    def numbers(self, event: str) -> set[int]:
        """The requests that the server has seen, or answered."""
        if not self.log.is_file():
            return set()
        entries = map(json.loads, self.log.read_text().splitlines())
        return {e["number"] for e in entries if e["event"] == event}

    def wait(self, event: str, least: int) -> None:
        until = time.monotonic() + 60
        while len(self.numbers(event)) < least:
            assert time.monotonic() < until
            time.sleep(0.02)

    def kept(self) -> list[str]:
        """The texts in the journal."""
        with sqlite3.connect(self.folder / "results" / "journal.sqlite") as journal:
            rows = journal.execute("SELECT payload FROM completions").fetchall()
        return [unpack(payload).text for (payload,) in rows]

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def texts(numbers):
    return {f"{number}.{i}" for number in numbers for i in range(4)}


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_sends_no_further_call_and_keeps_those_under_way(world, number, code):
    world.serve(1.5)
    run = world.run()
    world.wait("asked", 12)  # some were answered
    run.send_signal(number)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == code
    asked = world.numbers("asked")
    assert asked == world.numbers("answered")
    assert set(world.kept()) == texts(asked)
    under_way = re.search(r"Finishing (\d+) calls under way, at most 20 s; Ctrl-C again", said)
    assert 0 < int(under_way[1]) < len(asked)
    last = said.strip().splitlines()[-1]
    assert last.startswith(f"Interrupted: {4 * len(asked)} samples of the solver are kept")
    assert "Traceback" not in said


def test_the_second_ctrl_c_does_not_wait(world):
    world.serve(3000)
    run = world.run("engine.finish_s=2000")
    world.wait("asked", 8)
    run.send_signal(signal.SIGINT)
    while "Finishing 8 calls" not in run.written()[1]:
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert said.strip().endswith(
        "Interrupted before anything was sampled; the same command begins again."
    )


def test_calls_that_take_too_long_are_given_up(world):
    world.serve(3000)
    run = world.run("engine.finish_s=0.5")
    world.wait("asked", 8)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    assert "Interrupted before anything was sampled" in said


@pytest.mark.slow
def test_an_error_that_ends_the_run_lets_calls_under_way_be_kept(world):
    world.serve(1.5, 20)
    run = world.run()
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 1
    assert "no such model" in said.strip().splitlines()[-1]
    assert said.count("under way, at most 5 s") == 1
    assert set(world.kept()) == texts(world.numbers("answered")) == texts(range(1, 21))


@pytest.mark.slow
def test_a_server_that_does_not_say_what_it_serves_is_named_and_not_waited_for(world):
    world.serve(0, "mute")
    run = world.run("budget.per_run.seconds=4")
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 1
    waiting, *_, last = said.strip().splitlines()
    assert waiting.startswith(f"[stopped] asking {world.url} which model it serves (0:0")
    assert last == (
        "Error: the run's time was up (budget.per_run.seconds: 4) while asking "
        f"{world.url} which model it serves"
    )


def test_what_a_real_server_has_under_way_is_kept(world, nano_server):
    world.url = nano_server
    run = world.run("backend.model=nano-solver", "sampler.solutions=2000")
    status = world.folder / "results" / "stopped"
    until = time.monotonic() + 60
    while not any(
        json.loads(p.read_text())["roles"].get("solver", {"done": 0})["done"]
        for p in status.glob("*/status.json")
    ):
        assert time.monotonic() < until
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130
    last = said.strip().splitlines()[-1]
    assert last.startswith(f"Interrupted: {len(world.kept()):,} samples of the solver")
