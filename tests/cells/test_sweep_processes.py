"""Real processes and a real server: what is stopped is kept, what is shared is bought once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ttc.cells.cell import Cell
from ttc.cells.engines import open_engine
from ttc.errors import UsageError
from ttc.store.sweeps import read_sweep_state

SERVER = Path(__file__).parents[1] / "cli" / "slow_server.py"
RECIPE = """
name: served
dataset: {type: nano, levels: [2], problems: 3}
backend: {type: openai, base_url: "%s", model: m, n_per_call: 2, max_logprobs: 0}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 30}
policies: [majority]
engine: {fingerprint: false}
"""


class World:
    """A folder, a slow server that counts, and sweeps."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "server.jsonl"
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, *words: object) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, *map(str, words)]
        started = subprocess.Popen(command, cwd=self.folder, stdout=pipe, stderr=pipe, text=True)
        self._processes.append(started)
        return started

    def serve(self, seconds: float) -> None:
        url = self.start(SERVER, self.log, seconds).stdout.readline().strip()
        (self.folder / "served.yaml").write_text(RECIPE % url)

    def sweep(self, *words: object) -> subprocess.Popen[str]:
        return self.start("-m", "ttc", "sweep", *words, "--plain")

    def requests(self) -> int:
        if not self.log.is_file():
            return 0
        lines = map(json.loads, self.log.read_text().splitlines())
        return sum(line["event"] == "asked" for line in lines)

    def wait_for_requests(self, least: int) -> None:
        until = time.monotonic() + 60
        while self.requests() < least:
            assert time.monotonic() < until
            time.sleep(0.02)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


ONE_PROBLEM = 4 // 2  # requests: solutions, and how many of these a request brings
ONE_CELL = 3 * ONE_PROBLEM
PROBLEMS = 24


@pytest.mark.slow
def test_samples_that_cells_share_are_bought_once_though_they_run_at_once(world):
    world.serve(0.2)
    lists = "policies=[majority],[first],[first,majority],[oracle]"
    sweep = world.sweep("served.yaml", "--grid", lists, "--jobs", "4", "--name", "shared")
    _, err = sweep.communicate(timeout=120)
    assert sweep.returncode == 0, err
    assert world.requests() == ONE_CELL
    state = read_sweep_state(world.folder / "results/sweeps/shared")
    assert len({cell.run for cell in state.cells}) == 4
    assert state.count("complete") == 4


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sweep_that_is_stopped_keeps_what_it_has_and_goes_on(world, number, code):
    world.serve(0.4)
    sweep = world.sweep("served.yaml", "--grid", "seed=0,1,2", "--jobs", "2", "--name", "s")
    world.wait_for_requests(2)
    children = children_of(sweep.pid)
    assert len(children) == 2
    sweep.send_signal(number)
    _, err = sweep.communicate(timeout=60)
    assert sweep.returncode == code, err
    assert "ttc sweep s --resume" in err
    assert not any(alive(child) for child in children)
    state = read_sweep_state(world.folder / "results/sweeps/s")
    assert state.count("failed") == 0
    assert state.count("complete") < 3
    if number == signal.SIGTERM:
        return
    again = world.sweep("s", "--resume")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert read_sweep_state(world.folder / "results/sweeps/s").jobs == 2
    assert world.requests() == 3 * ONE_CELL


@pytest.mark.slow
def test_a_second_ctrl_c_does_not_wait_for_calls(world):
    world.serve(100)
    sweep = world.sweep("served.yaml", "--grid", "seed=0,1", "--jobs", "2", "--name", "s")
    world.wait_for_requests(2)
    sweep.send_signal(signal.SIGINT)
    err = ""
    while "Ctrl-C again" not in err:
        line = sweep.stderr.readline()
        assert line, err
        err += line
    sweep.send_signal(signal.SIGINT)
    err += sweep.communicate(timeout=60)[1]
    assert sweep.returncode == 130
    assert "stopping 2 cells; Ctrl-C again to stop at once" in err
    assert "0 of 2 cells are complete, 0 failed" in err


@pytest.mark.slow
def test_what_a_killed_sweep_left_behind_stops_and_is_gone_on_with(world):
    world.serve(0.4)
    sweep = world.sweep("served.yaml", "--grid", "seed=0,1", "--jobs", "2", "--name", "s")
    world.wait_for_requests(2)
    sweep.kill()
    again = world.sweep("s", "--resume", "--jobs", "2")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert world.requests() == 2 * ONE_CELL


@pytest.mark.slow
def test_shards_whose_driver_is_killed_stop_by_themselves_and_are_gone_on_with(world):
    world.serve(0.4)
    more = ("--set", f"dataset.problems={PROBLEMS}", "--set", "engine.concurrency=1", "--quiet")
    words = ("-m", "ttc", "run", "served.yaml", "--shards", "2", "--jobs", "2", *more)
    driver = world.start(*words)
    world.wait_for_requests(2)
    cells = children_of(driver.pid)
    assert len(cells) == 2
    driver.kill()
    until = time.monotonic() + 60
    while any(alive(cell) for cell in cells):
        assert time.monotonic() < until, "they went on without it"
        time.sleep(0.05)
    stopped = world.requests()
    assert stopped < PROBLEMS * ONE_PROBLEM, "they ended as they had nothing left to do"
    time.sleep(1)
    assert world.requests() == stopped
    again = world.start(*words, "--set", "engine.concurrency=8")
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert world.requests() == PROBLEMS * ONE_PROBLEM, "what was on its way was kept"


@pytest.mark.slow
def test_a_cell_that_is_killed_fails_alone(world):
    world.serve(0.4)
    sweep = world.sweep("served.yaml", "--grid", "seed=0,1", "--jobs", "2", "--name", "s")
    world.wait_for_requests(2)
    os.kill(children_of(sweep.pid)[0], signal.SIGKILL)
    out, _ = sweep.communicate(timeout=60)
    assert sweep.returncode == 3
    state = read_sweep_state(world.folder / "results/sweeps/s")
    assert sorted(cell.status for cell in state.cells) == ["complete", "failed"]
    assert "ended by SIGKILL" in state.failed()[0].words
    assert "ended by SIGKILL" in out


def test_cells_that_have_not_begun_are_not_begun_once_it_is_closed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [Cell("no such recipe", (f"seed={i}",), "results") for i in range(40)]
    endings = open_engine("local", 1).run(cells)
    first = next(endings)
    began = time.monotonic()
    endings.close()
    assert not first.ok
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("text", ["", "locl", "local://here", "nowhere://x"])
def test_an_engine_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="--engine"):
        open_engine(text)


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def alive(pid: int) -> bool:
    """Whether it runs; one that has ended may stay listed until whoever inherited it looks."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and not found.stdout.strip().startswith("Z")
