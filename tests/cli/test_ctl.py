"""Real processes: a run that another one steers, around a real server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from processes import Command, ttc

SERVER = Path(__file__).with_name("mending_server.py")
RECIPE = """
name: steered
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 10}
backend: {type: openai, base_url: "%s", model: m, n_per_call: 4, max_logprobs: 0}
sampler: {type: independent, solutions: 16, temperature: 1.0, max_tokens: 30}
policies: [majority]
engine: {concurrency: 4, problems_in_flight: 4}
"""
TABLES = ("problems", "solutions", "samples", "curves")
TIMES = ["seconds", "latency"]


class World:
    """A server, and runs against it in folders of their own. Its answers but the first ones wait
    for `go_on`, so that a run is at work for as long as a test has something to tell it.
    """

    def __init__(self, folder, at_first, *refused):
        self.folder, self.log, self.mended = folder, folder / "log.jsonl", folder / "mended"
        self._gate = folder / "go_on"
        words = [SERVER, self.log, self.mended, at_first, self._gate, *refused]
        self.server = subprocess.Popen(
            [sys.executable, *map(str, words)], stdout=subprocess.PIPE, text=True
        )
        url = self.server.stdout.readline().strip()
        (folder / "steered.yaml").write_text(RECIPE % url)
        self.runs = []

    def go_on(self):
        self._gate.write_text("")

    def run(self, results, *overrides):
        words = [word for each in overrides for word in ("--set", each)]
        command = Command(
            self.folder, "run", "steered.yaml", "--plain", "--results", results, *words
        )
        self.runs.append(command)
        return command

    def ctl(self, results, *words):
        more = ("--json", "--results", results, "--wait", "60")
        done = ttc(self.folder, "ctl", "steered", *words, *more)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def told(self, results, *words):
        code, answer = self.ctl(results, *words)
        assert code == 0, answer
        return answer

    def status(self, results):
        done = ttc(self.folder, "status", "steered", "--json", "--results", results)
        return json.loads(done.stdout)

    def wait_done(self, results, problems):
        (path,) = (self.folder / results).glob("steered/*/status.json")
        until = time.monotonic() + 120
        while json.loads(path.read_text())["problems"]["done"] < problems:
            assert time.monotonic() < until
            time.sleep(0.05)

    def count(self, event):
        if not self.log.exists():
            return 0
        return sum(json.loads(line)["event"] == event for line in self.log.read_text().splitlines())

    def wait(self, event, least):
        until = time.monotonic() + 120
        while self.count(event) < least:
            assert time.monotonic() < until
            time.sleep(0.02)

    def tables(self, results):
        (path,) = (self.folder / results / "steered").iterdir()
        return {
            name: pd.read_parquet(path / f"{name}.parquet").drop(columns=TIMES, errors="ignore")
            for name in TABLES
        }

    def close(self):
        for process in (*self.runs, self.server):
            process.kill()
            process.wait()
        self.server.stdout.close()


@pytest.fixture
def world(tmp_path):
    made = []

    def serve(*how):
        made.append(World(tmp_path, *how))
        return made[0]

    yield serve
    made[0].close()


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name])


@pytest.mark.slow
def test_paused_set_and_resumed_it_is_the_run_that_was_left_alone(world):
    world = world(2)
    run = world.run("a")
    world.wait("answered", 2)
    paused = world.told("a", "pause")
    assert paused["stage"] == "paused"
    world.go_on()
    asked = world.count("asked")
    assert asked < 40
    world.wait("answered", asked)  # what was under way has ended
    until = time.monotonic() + 60
    while world.status("a")["stage"] != "paused":  # it is written once a second
        assert time.monotonic() < until
    assert "paused, " in ttc(world.folder, "status", "--results", "a").stdout.replace("  ", ", ")
    time.sleep(0.4)
    assert world.count("asked") == asked
    changed = world.told("a", "set", "engine.concurrency=32", "engine.problems_in_flight=10")
    assert changed["changed"]["engine.concurrency"] == [4, 32]
    assert world.count("asked") == asked, "it is still paused"
    assert world.told("a", "resume")["stage"] == "sampling"
    assert run.wait(60) == 0
    assert world.count("asked") == 40
    said = run.written()[1]
    assert "Paused: no call is sent" in said
    assert "Set engine.concurrency: 4 -> 32" in said
    assert world.run("b").wait(60) == 0
    same(world.tables("a"), world.tables("b"))
    code, said = world.ctl("a", "pause")
    assert code == 1
    assert "is not running (complete), so there is nothing to steer" in said


@pytest.mark.slow
def test_what_cannot_be_done_is_said_with_exit_code_2(world):
    world = world(0)
    world.run("a")
    world.wait("asked", 1)
    world.told("a", "pause")
    for words, said in [
        (("set", "engine.n_per_call=2"), "can't change now"),
        (("set", "engine.concurrency=0"), "must be at least 1"),
        (("set",), "set needs words"),
        (("pause", "now"), "pause takes no words"),
        (("retry", "nobody"), "no problem 'nobody'"),
    ]:
        code, answer = world.ctl("a", *words)
        assert (code, answer["ok"]) == (2, False)
        assert said in answer["said"]
        plain = ttc(world.folder, "ctl", "steered", *words, "--results", "a")
        assert plain.returncode == 2
        assert plain.stderr.startswith("Error: steered/")
    done = ttc(world.folder, "ctl", "steered", "dance", "--results", "a")
    assert done.returncode == 2
    assert "choose of pause, resume, set, retry, stop" in done.stderr


def test_stop_is_ctrl_c(world):
    world = world(4)
    run = world.run("a")
    world.wait("answered", 4)
    told = world.told("a", "stop")
    assert "stopping as after Ctrl-C" in told["said"]
    world.go_on()
    assert run.wait(60) == 130
    last = run.written()[1].strip().splitlines()[-1]
    assert last.startswith("Interrupted: ")
    assert world.count("asked") == world.count("answered") < 40
    assert f"Interrupted: {4 * world.count('asked')} samples of the solver" in last
    assert not list(world.folder.glob("a/steered/*/control"))


@pytest.mark.slow
def test_a_paused_run_that_is_killed_is_not_paused_the_next_time(world):
    world = world(1)
    run = world.run("a")
    world.wait("answered", 1)
    world.told("a", "pause")
    (control,) = world.folder.glob("a/steered/*/control")
    run.send_signal(signal.SIGKILL)
    run.wait(60)
    opened = json.loads((control / "open.json").read_text())
    (control / "1.request").write_text(json.dumps({**opened, "command": "stop", "words": []}))
    assert world.ctl("a", "resume")[0] == 1
    world.go_on()
    assert world.run("a").wait(60) == 0
    assert world.run("b").wait(60) == 0
    same(world.tables("a"), world.tables("b"))


@pytest.mark.slow
def test_a_paused_runs_time_goes_on(world):
    world = world(2)
    run = world.run("a", "budget.per_run.seconds=10")
    world.wait("answered", 2)
    world.told("a", "pause")
    world.go_on()
    assert run.wait(60) == 0
    assert world.count("asked") < 40
    (manifest,) = world.folder.glob("a/steered/*/manifest.json")
    assert json.loads(manifest.read_text())["status"] == "budget"


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True])
def test_a_problem_whose_samples_failed_is_tried_again(world, late):
    questions = {row["problem_id"]: row["question"] for row in problems()}
    name = list(questions)[1]
    world = world(16, questions[name])  # enough for two problems to be done
    run = world.run("a", "engine.problems_in_flight=2")
    world.wait("refused", 4)
    if late:
        world.wait_done("a", 2)
        world.told("a", "pause")
        code, answer = world.ctl("a", "retry", next(iter(questions)))
        assert code == 2
        assert "none of its samples failed" in answer["said"]
    world.mended.write_text("")
    told = world.told("a", "retry", name)
    assert told["to_retry"] == [name]
    world.go_on()
    if late:
        world.told("a", "resume")
    assert run.wait(60) == 0, run.written()
    asked, refused = world.count("asked"), world.count("refused")
    assert asked - refused <= 40 + 2, "the others come from the journal"
    (manifest,) = world.folder.glob("a/steered/*/manifest.json")
    found = json.loads(manifest.read_text())
    assert found["failures"] == {}
    assert found["status"] == "complete"
    paid = found["ledger"]["roles"]["solver"]["paid_samples"]
    assert 160 <= paid <= 160 + 16, "refused samples were asked for, too"
    assert world.run("b").wait(60) == 0
    one, other = world.tables("a"), world.tables("b")
    # What was refused was asked about, too: a request more.
    same({k: v.drop(columns="requests", errors="ignore") for k, v in one.items()},
         {k: v.drop(columns="requests", errors="ignore") for k, v in other.items()})  # fmt: skip


def problems():
    from ttc.datasets.nano import NanoDataset

    found = NanoDataset(family="arithmetic", levels=[2, 3], problems=10).load()
    return [{"problem_id": one.id, "question": one.question} for one in found]
