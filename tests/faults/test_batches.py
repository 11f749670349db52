"""Batch mode against a server of its protocol that does all kinds of things wrong, before the
embedded models: the tables are those of ordinary mode, and nothing is bought twice.
"""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from batched import BATCH, Gateway
from processes import Command, ttc

TABLES = ("problems", "solutions", "verifications", "samples", "curves")
RECIPE = """
name: batched
dataset: {{type: nano, family: arithmetic, levels: [1, 2, 3], problems: 9}}
backend: {{type: openai, base_url: "{url}", model: nano-solver, n_per_call: 3, {mode}}}
sampler: {{type: independent, solutions: 8, temperature: 1.0, max_tokens: 96}}
verifiers:
  - type: genrm
    backend: {{type: openai, base_url: "{url}", model: nano-verifier, {mode}}}
    prompt: nano-genrm
    solutions: 4
    verifications: 4
    temperature: 1.0
    max_tokens: 96
policies: [majority, best_of_n]
cost: {{prices: {{prompt_per_million: 1000, completion_per_million: 3000, batch_factor: 0.5}}}}
budget: {{{budget}}}
engine: {{fingerprint: false, max_outage_s: 20}}
"""
CALLS = 9 * 3 + 9 * 4  # three groups of solutions a problem, a request for each solution's verdicts


class World:
    """A recipe in a folder."""

    def __init__(self, folder: Path, url: str, mode: str = BATCH, budget: str = "") -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        text = RECIPE.format(url=url, mode=mode, budget=budget)
        (folder / "batched.yaml").write_text(text)

    def start(self, *options: str) -> Command:
        return Command(self.folder, "run", "batched.yaml", "--plain", *options)

    def finish(self) -> str:
        """What a try says that comes to its end."""
        process = self.start()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        return err

    @property
    def run(self) -> Path:
        (found,) = self.folder.glob("results/batched/*/")
        return found

    def tables(self) -> dict[str, pd.DataFrame]:
        frames = {name: pd.read_parquet(self.run / f"{name}.parquet") for name in TABLES}
        gone = ["seconds", "usd"]
        return {n: f.drop(columns=gone, errors="ignore") for n, f in frames.items()}

    def manifest(self) -> dict:
        return json.loads((self.run / "manifest.json").read_text())

    def left(self) -> int:
        """Lines that are recorded as waiting."""
        journal = self.folder / "results" / "journal.sqlite"
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            names = database.execute("SELECT name FROM sqlite_master WHERE name = 'batch_lines'")
            if not names.fetchall():
                return 0
            return database.execute("SELECT count(*) FROM batch_lines").fetchone()[0]


LIMIT = "per_run: {tokens: 30000}"


def ordinary(folder: Path, url: str, budget: str) -> dict[str, pd.DataFrame]:
    world = World(folder, url, "mode: now", budget)
    world.finish()
    return world.tables()


@pytest.fixture(scope="module")
def calm(nano_server, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """What ordinary mode gives."""
    return ordinary(tmp_path_factory.mktemp("calm"), nano_server, "")


@pytest.fixture(scope="module")
def limited(nano_server, tmp_path_factory) -> dict[str, pd.DataFrame]:
    """What ordinary mode gives within a budget that is enough."""
    return ordinary(tmp_path_factory.mktemp("limited"), nano_server, LIMIT)


@pytest.fixture
def gateway(nano_server, tmp_path):
    """gateway(fault, ..., seconds=0) starts one before the embedded models; held: its batches are
    not done before `go_on`.
    """
    running: list[Gateway] = []

    def start(*faults: str, seconds: float = 0.0, held: bool = False) -> Gateway:
        log = tmp_path / f"gateway-{len(running)}.jsonl"
        until = tmp_path / "go_on" if held else None
        running.append(Gateway(nano_server, *faults, log=log, seconds=seconds, until=until))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def wait_for_batches(world: World, served: Gateway, number: int) -> None:
    """Until so many are there, and the run has noted that they are."""
    until = time.monotonic() + 120
    while served.count("batch") < number or not world.left():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(0.6)


def same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


def check_bought_once(served: Gateway, again: int = 0) -> None:
    """Each call went to the model once, but for so many that were asked for again."""
    asked = Counter(e["name"] for e in served.entries("line"))
    assert len(asked) == CALLS
    assert sum(asked.values()) - CALLS == again, asked.most_common(3)


@pytest.mark.slow
def test_tables_are_those_of_ordinary_mode_in_two_batches(calm, gateway, tmp_path):
    served = gateway()
    world = World(tmp_path / "w", served.url)
    world.finish()
    same(world.tables(), calm)
    check_bought_once(served)
    assert served.count("batch") == 2, "all solutions, then all verdicts"
    assert world.left() == 0
    usage = world.manifest()["models"]["solver"]["facts"]
    assert usage["mode"] == "batch"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faults", "said", "again"),
    [
        (("shuffled", "doubled", "strange"), "came more than once, which counts once", 0),
        (("lost",), "got no answer; what was reserved for them is free again", 9),
        (("expired",), "(expired): 13 of 27 calls got no answer", 0),
        (("broken",), "", 0),
        (("rejected",), "was not accepted", 0),
        (("silent",), "", 0),
    ],
)
def test_whatever_a_provider_does_the_tables_are_the_same(
    calm, gateway, tmp_path, faults, said, again
):
    served = gateway(*faults)
    world = World(tmp_path / "w", served.url)
    err = world.finish()
    assert said in err, err
    same(world.tables(), calm)
    check_bought_once(served, again)
    assert world.left() == 0


def test_a_provider_that_takes_few_at_a_time(calm, gateway, tmp_path, monkeypatch):
    served = gateway("full")
    world = World(tmp_path / "w", served.url, BATCH.replace("poll_s", "max_requests: 8, poll_s"))
    world.finish()
    same(world.tables(), calm)
    check_bought_once(served)
    assert served.count("batch") >= 4


@pytest.mark.slow
def test_a_line_that_is_named_at_validation_is_a_failure_by_name(gateway, tmp_path):
    served = gateway("named")
    world = World(tmp_path / "w", served.url)
    err = world.finish()
    assert "This is not to our liking. (invalid_request)" in err
    failed = world.manifest()["failures"]
    assert set(failed) == {"refused"}
    assert failed["refused"]["samples"] <= 3
    assert len(world.tables()["solutions"]) == 72


def test_a_provider_that_accepts_no_batch_ends_the_run(gateway, tmp_path):
    served = gateway("never")
    world = World(tmp_path / "w", served.url)
    process = world.start()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no batch is accepted: This is not to our liking. (invalid_request)" in err
    assert served.count("batch") == 3
    assert world.left() == 0


@pytest.mark.slow
def test_expired_calls_may_fail_by_name(gateway, tmp_path):
    served = gateway("expired")
    world = World(tmp_path / "w", served.url, BATCH.replace("poll_s", "expired: fail, poll_s"))
    err = world.finish()
    assert "they have failed (batch.expired: fail)" in err
    assert set(world.manifest()["failures"]) == {"expired"}


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("budget", ["", LIMIT])
def test_a_client_that_is_killed_at_every_stage_finds_its_batches(
    request, gateway, tmp_path, budget
):
    """By SIGKILL: before a batch is there, just after, while it waits, and when it is done."""
    served = gateway(seconds=1.0)
    world = World(tmp_path / "w", served.url, budget=budget)
    moments = [("batch", 0, 1.2), ("batch", 1, 0.0), ("batch", 1, 0.4), ("line", 27, 0.3)]
    moments += [("batch", 2, 0.0), ("line", 50, 0.2)]
    for event, count, seconds in moments:
        process = world.start()
        began = time.monotonic()
        while served.count(event) < count and time.monotonic() - began < 20:
            time.sleep(0.01)
        time.sleep(seconds)
        process.kill()
        process.wait()
    world.finish()
    same(world.tables(), request.getfixturevalue("limited" if budget else "calm"))
    asked = Counter(e["name"] for e in served.entries("line"))
    assert set(asked.values()) == {1}, "nothing is bought twice"
    assert served.count("batch") <= (8 if budget else 4)
    assert world.left() == 0
    if budget:
        assert world.manifest()["ledger"]["lost"]["tokens"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_batches_standing_and_says_so(calm, gateway, tmp_path, number):
    served = gateway(held=True)
    world = World(tmp_path / "w", served.url)
    process = world.start()
    wait_for_batches(world, served, 1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)  # nobody waits for a day
    (name,) = {e["id"] for e in served.entries("batch")}
    assert process.returncode == 128 + number
    assert f"Batch {name} stands at the provider" in err
    shown = ttc(world.folder, "status", "batched").stdout
    assert name in shown
    assert "of 27 calls done" in shown
    listed = json.loads(ttc(world.folder, "batches", "batched", "--json").stdout)
    assert [one["id"] for one in listed["batches"]] == [name]
    served.go_on()
    world.finish()
    same(world.tables(), calm)
    check_bought_once(served)


@pytest.mark.slow
def test_batches_can_be_cancelled_and_are_asked_for_again(calm, gateway, tmp_path):
    served = gateway(held=True)
    world = World(tmp_path / "w", served.url)
    process = world.start()
    wait_for_batches(world, served, 1)
    process.kill()
    process.wait()
    done = ttc(world.folder, "batches", "batched", "--cancel")
    assert done.returncode == 0, done.stderr
    assert "cancelled" in done.stdout
    served.go_on()
    err = world.finish()
    assert "27 of 27 calls got no answer" in err
    same(world.tables(), calm)
    check_bought_once(served)


@pytest.mark.slow
def test_a_run_in_shards_is_asked_for_the_batches_of_all_of_them(calm, gateway, tmp_path):
    served = gateway(held=True)
    world = World(tmp_path / "w", served.url)
    at_work = [world.start("--shard", f"{number}/2") for number in (1, 2)]
    wait_for_batches(world, served, 2)
    for process in at_work:
        process.send_signal(signal.SIGINT)
        process.wait()
    names = {e["id"] for e in served.entries("batch")}
    assert all(name in ttc(world.folder, "status", "batched").stdout for name in names)
    listed = json.loads(ttc(world.folder, "batches", "batched", "--json").stdout)
    assert {one["id"] for one in listed["batches"]} == names
    done = ttc(world.folder, "batches", "batched", "--cancel")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("cancelled") == 2
    served.go_on()
    for number in (1, 2):
        out, err = world.start("--shard", f"{number}/2").communicate(timeout=120)
        assert "calls got no answer" in err, out + err
    assert ttc(world.folder, "merge", "batched").returncode == 0
    assert "no batch waits" in ttc(world.folder, "batches", "batched").stdout
    same(world.tables(), calm)
    check_bought_once(served)


@pytest.mark.slow
def test_a_batch_that_is_cancelled_while_a_run_waits_ends_it(gateway, tmp_path):
    served = gateway(held=True)
    world = World(tmp_path / "w", served.url)
    process = world.start()
    wait_for_batches(world, served, 1)
    assert ttc(world.folder, "batches", "batched", "--cancel").returncode == 0
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "was cancelled before this call was answered" in err


def test_a_wrong_key_ends_the_run_with_the_provider_s_words(tmp_path, gateway):
    world = World(tmp_path / "w", "http://127.0.0.1:9/v1")
    process = world.start()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is the server running" in err
