"""Cells as tasks of Slurm's job arrays: by a stand-in for sbatch, and by a real Slurm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import slurm_here
from processes import ttc

from ttc.cells.cell import Cell
from ttc.cells.engines import open_engine, slurm
from ttc.cells.engines.slurm_script import AtLast
from ttc.cells.listed import main, read_cell, write_cells
from ttc.core.shard import Shard
from ttc.errors import DataError, UsageError

SMALL = ("dataset.problems=2", "sampler.solutions=2", "verifiers=[]", "policies=[majority]")
STAND_IN = Path(__file__).parents[1] / "helpers/sbatch_stand_in.py"


def cells(n: int) -> list[Cell]:
    """The last but one can't be done."""
    made = [Cell("quickstart", (*SMALL, f"seed={i}"), "results") for i in range(n)]
    made[-2] = Cell("quickstart", (*SMALL, "seed=odd"), "results")
    return made


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A folder with a blank in its name, to work in, and programs of Slurm's names."""
    programs, work, state = tmp_path / "bin", tmp_path / "a b", tmp_path / "state"
    for folder in (programs, work, state):
        folder.mkdir()
    for name, text in (
        ("sbatch", f'#!/bin/sh\nexec {sys.executable} {STAND_IN} "$@"\n'),
        ("squeue", "#!/bin/sh\n"),
        ("scancel", "#!/bin/sh\n"),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("STAND_IN_STATE", str(state))
    monkeypatch.setattr(slurm, "_POLL_S", 0.05)
    monkeypatch.chdir(work)
    return work


def check_endings(done):
    ended = {one.cell.overrides[-1]: one for one in done}
    assert [ended[f"seed={i}"].code for i in (0, 2)] == [0, 0]
    assert ended["seed=0"].facts["run"].startswith("quickstart/s0-")
    assert not ended["seed=odd"].ok
    assert "seed: must be a whole number" in ended["seed=odd"].words


@pytest.mark.slow
def test_an_array_does_the_cells_and_says_how_they_ended(stand_in):
    check_endings(open_engine("slurm", 2).run(cells(3)))
    assert len(list(stand_in.glob("results/quickstart/*/manifest.json"))) == 2
    (folder,) = stand_in.glob("results/slurm/*")
    assert (folder / "logs/100_2.log").read_text().count("seed=odd") >= 1


@pytest.mark.slow
def test_the_last_job_runs_after_all_whatever_became_of_them(stand_in):
    engine = open_engine("slurm://time=10:00")
    last = AtLast(["recipes", "--json"])
    planned = engine.plan([cells(2)[0]], Path("results/slurm/x"), "x", last)
    submitted = engine.submit(planned)
    assert (submitted.arrays, submitted.last) == (("100",), "101")
    log = stand_in / "results/slurm/x/logs/101-last.log"
    assert json.loads(log.read_text()), log.read_text()


def test_arrays_are_no_larger_than_slurm_takes_them(tmp_path, monkeypatch):
    monkeypatch.setattr(slurm, "LARGEST_ARRAY", 3)
    planned = open_engine("slurm", 2).plan(cells(7), tmp_path, "many")
    heads = [text.splitlines()[2] for text in planned.arrays.values()]
    assert heads == ["#SBATCH --array=1-3%2", "#SBATCH --array=1-3%2", "#SBATCH --array=1%2"]
    assert " + 6))" in planned.arrays["array-3.sh"]
    assert planned.told().count("# sbatch ") == 3


def test_without_slurm_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="no sbatch here"):
        next(open_engine("slurm").run(cells(2)))


def test_listed_cells_come_back_as_they_were(tmp_path):
    listed = [Cell("a.yaml", ("a=[1, 2]", "b=ü"), None, Shard(3, 16)), Cell("b", (), "out")]
    write_cells(tmp_path, listed)
    assert [read_cell(tmp_path, i) for i in (1, 2)] == listed
    for number in (0, 3, -1):
        with pytest.raises(DataError, match=f"no cell {number}"):
            read_cell(tmp_path, number)


def test_an_ending_is_written_where_the_cell_is_listed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_cells(tmp_path, [Cell("nowhere.yaml")])
    code = main(tmp_path, 1)
    told = json.loads((tmp_path / "ended/1.json").read_text())
    assert code == told["code"] != 0
    assert "nowhere" in told["words"]


@pytest.fixture(scope="module")
def real_slurm():
    if why := slurm_here.missing():
        pytest.skip(f"a real Slurm {why}")
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    running = slurm_here.SlurmHere(folder)
    yield running
    running.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_slurm(real_slurm, tmp_path, monkeypatch):
    work = tmp_path / "a b #1"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(slurm, "_POLL_S", 0.3)
    for name, value in real_slurm.environment.items():
        monkeypatch.setenv(name, value)
    return work


@pytest.mark.slow
def test_a_real_slurm_does_the_same(on_slurm):
    check_endings(open_engine("slurm://partition=main,time=10:00").run(cells(3)))
    assert subprocess.run(["squeue", "-h"], capture_output=True, text=True).stdout == ""


@pytest.mark.slow
def test_closing_takes_tasks_off_a_real_slurm_and_the_next_try_goes_on(on_slurm):
    many = [
        Cell("quickstart", (*SMALL, "dataset.problems=40", f"seed={i}"), "results")
        for i in range(4)
    ]
    running = open_engine("slurm://partition=main", 1).run(many)
    first = next(running)
    assert first.ok
    running.close()
    assert subprocess.run(["squeue", "-h"], capture_output=True, text=True).stdout == ""
    assert len(list(on_slurm.glob("results/quickstart/*/manifest.json"))) < 4


@pytest.mark.slow
def test_a_run_by_a_real_array_and_its_merge(on_slurm):
    words = ("--set", "dataset.problems=4", "--set", "verifiers=[]", "--set", "policies=[majority]")
    done = ttc(
        on_slurm, "run", "quickstart", *words, "--shards", "2", "--engine", "slurm", "--json"
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    again = ttc(on_slurm, "run", "quickstart", *words, "--shards", "2", "--engine", "slurm")
    assert f"still in Slurm's queue as {said['arrays'][0]},{said['merge']}" in again.stderr
    deadline = time.monotonic() + 100
    while subprocess.run(["squeue", "-h"], capture_output=True, text=True).stdout:
        assert time.monotonic() < deadline
        time.sleep(0.3)
    (manifest,) = on_slurm.glob("results/quickstart/*/manifest.json")
    assert json.loads(manifest.read_text())["status"] == "complete"


@pytest.mark.slow
def test_workers_that_dask_asks_a_real_slurm_for(on_slurm, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    import dask

    told = {"cores": 1, "memory": "500MB", "interface": "lo", "scheduler-options": {}}
    with dask.config.set({"jobqueue.slurm": {**dask.config.get("jobqueue.slurm"), **told}}):
        check_endings(open_engine("dask://slurm", 1).run(cells(3)))
