"""Cells on a real Dask scheduler whose worker processes are killed, and a server that counts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from counting import CountingServer
from dask_here import DaskHere
from processes import Command, ttc

from ttc.cells.cell import Cell
from ttc.cells.engines import dask, dask_clusters, open_engine
from ttc.errors import MissingExtra, TtcError, UsageError

pytest.importorskip("distributed")
configured = pytest.importorskip("dask").config.set
PROBLEMS, SOLUTIONS, CONCURRENCY = 8, 10, 3
RECIPE = f"""
name: spread
dataset: {{type: nano, family: arithmetic, levels: [1, 2], problems: {PROBLEMS}}}
backend: {{type: openai, base_url: URL, model: nano-solver, n_per_call: 1}}
sampler: {{type: independent, solutions: {SOLUTIONS}, temperature: 1.0, max_tokens: 64}}
policies: [majority, first]
engine: {{concurrency: {CONCURRENCY}}}
"""


@pytest.fixture
def served(nano_server):
    running = CountingServer(nano_server, 0.15)
    yield running
    running.stop()


@pytest.fixture
def work(tmp_path, served, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spread.yaml").write_text(RECIPE.replace("URL", f'"{served.url}"'))
    return tmp_path


@pytest.fixture
def cluster(work):
    (work / "dask").mkdir()
    running = DaskHere(work / "dask", 2)
    yield running
    running.stop()


def tables(results: Path) -> dict[str, pd.DataFrame]:
    (run,) = (path.parent for path in results.glob("spread/*/manifest.json"))
    names = ("problems", "solutions", "curves")
    frames = {name: pd.read_parquet(run / f"{name}.parquet") for name in names}
    return {name: one.drop(columns="seconds", errors="ignore") for name, one in frames.items()}


def wait_for(condition, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill_runs(worker: int) -> None:
    """SIGKILL the runs that a worker started."""
    import psutil

    for child in psutil.Process(worker).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGKILL)


def check_against_one_machine(work: Path, served: CountingServer) -> int:
    """The tables are those of one machine; returns how many requests were asked once more."""
    sharded, twice, asked = tables(work / "results"), served.twice(), set(served.asked)
    served.asked.clear()
    served.seconds = 0
    done = ttc(work, "run", "spread.yaml", "--results", "alone", "--quiet")
    assert done.returncode == 0, done.stderr
    for name, table in tables(work / "alone").items():
        pd.testing.assert_frame_equal(sharded[name], table)
    assert set(served.asked) == asked
    assert len(asked) == PROBLEMS * SOLUTIONS
    return twice


def start(work: Path, cluster: DaskHere) -> Command:
    words = ("run", "spread.yaml", "--shards", "4", "--engine", f"dask://{cluster.file}", "--json")
    return Command(work, *words)


@pytest.mark.slow
def test_workers_that_are_killed_change_nothing_and_nothing_is_bought_twice(work, served, cluster):
    running = start(work, cluster)
    for kill, at in ((0, 8), (1, 30)):
        wait_for(lambda at=at: served.total >= at)
        cluster.add_worker()
        cluster.kill_worker(kill)
    out, err = running.communicate(150)
    assert running.returncode == 0, err
    assert json.loads(out)["shards"] == 4
    assert check_against_one_machine(work, served) == 0


@pytest.mark.slow
def test_where_the_runs_are_killed_with_them_only_what_was_under_way_is_lost(work, served, cluster):
    served.seconds = 0.4  # what is answered is on the disk long before the next answer comes
    running = start(work, cluster)
    wait_for(lambda: served.total >= 30)
    worker = cluster.workers[0]
    worker.send_signal(signal.SIGSTOP)  # it must not see its run die
    kill_runs(worker.pid)
    cluster.kill_worker(0)
    _, err = running.communicate(150)
    assert running.returncode == 0, err
    # At the server, or answered and on the way to the disk.
    assert check_against_one_machine(work, served) <= 2 * CONCURRENCY


@pytest.mark.slow
def test_closing_stops_the_cells_and_the_next_try_goes_on(work, served, cluster):
    cells = [Cell("spread.yaml", (f"seed={i}",), "results") for i in range(3)]
    running = open_engine(f"dask://{cluster.file}").run(cells)
    first = next(running)
    assert first.ok, first.words
    running.close()
    stopped = served.total
    time.sleep(1)
    assert served.total == stopped, "nothing goes on"
    assert all(one.ok for one in open_engine(f"dask://{cluster.file}").run(cells))
    assert served.twice() == 0


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_and_the_same_command_goes_on(work, served):
    words = ("run", "spread.yaml", "--shards", "4", "--engine", "dask://", "--jobs", "2")
    command = [sys.executable, "-m", "ttc", *words]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for(lambda: served.total >= 10)
    os.killpg(running.pid, signal.SIGINT)  # the workers' processes get it, too
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "the same command goes on" in err
    stopped = served.total
    time.sleep(0.5)
    assert served.total == stopped < PROBLEMS * SOLUTIONS, "nothing goes on"
    served.seconds = 0
    again = Command(work, *words, "--quiet")
    _, err = again.communicate(120)
    assert again.returncode == 0, err
    assert check_against_one_machine(work, served) == 0


@pytest.mark.slow
def test_a_cluster_whose_workers_are_all_gone_is_not_waited_for_without_end(
    work, served, cluster, monkeypatch
):
    monkeypatch.setattr(dask, "_LONELY_S", 0.2)
    with configured({"ttc.no-worker": "2s"}):
        running = open_engine(f"dask://{cluster.file}").run([Cell("spread.yaml")])
        with ThreadPoolExecutor(1) as aside:
            first = aside.submit(next, running)
            wait_for(lambda: served.total >= 5)
            for worker in (0, 1):
                cluster.kill_worker(worker)
            with pytest.raises(TtcError, match="no worker has been there for 2 s"):
                first.result(60)
        with pytest.raises(TtcError, match="no worker has been there for 2 s"):
            next(open_engine(f"dask://{cluster.file}").run([Cell("spread.yaml")]))
    cluster.add_worker()
    (done,) = open_engine(f"dask://{cluster.file}").run([Cell("spread.yaml")])
    assert done.ok, done.words
    assert served.twice() == 0


@pytest.mark.slow
def test_dask_alone_is_a_cluster_of_this_machine(work, served):
    served.seconds = 0
    cells = [Cell("spread.yaml", (f"seed={i}", "dataset.problems=2"), "results") for i in (1, 2)]
    assert [one.code for one in open_engine("dask://", 2).run(cells)] == [0, 0]


@pytest.mark.slow
def test_a_worker_without_the_folder_says_so(work, cluster, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("gone")
    monkeypatch.chdir(elsewhere)
    elsewhere.rmdir()
    monkeypatch.setattr("os.getcwd", lambda: str(elsewhere))
    (done,) = open_engine(f"dask://{cluster.file}").run([Cell("quickstart")])
    assert done.code == 127
    assert f"has no folder {elsewhere}" in done.words


@pytest.mark.parametrize(
    ("address", "said"),
    [("here", "expected host:port"), ("nowhere.json", "no such file"), ("slurm", "--jobs N")],
)
def test_addresses_that_are_none(address, said):
    if address == "slurm":
        pytest.importorskip("dask_jobqueue")
    with pytest.raises(UsageError, match=said):
        open_engine(f"dask://{address}")


def test_a_scheduler_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(dask_clusters, "_TIMEOUT", "1s")
    with pytest.raises(TtcError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        next(open_engine("dask://127.0.0.1:9").run([Cell("quickstart")]))


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"\[dask\]"):
        open_engine("dask://")
