"""Workers from a queue that refuses them, that lets them wait, and that starts them."""

from __future__ import annotations

import os
import time

import pytest

from ttc.cells.cell import Cell
from ttc.cells.engines import open_engine
from ttc.errors import TtcError, UsageError

pytest.importorskip("distributed")
pytest.importorskip("dask_jobqueue")
SMALL = ("dataset.problems=2", "sampler.solutions=2", "verifiers=[]", "policies=[majority]")
CELL = Cell("quickstart", SMALL, "results")
REFUSES = 'echo "sbatch: error: Invalid account or account/partition combination" >&2\nexit 1\n'
KEEPS = 'echo "Submitted batch job $$"\n'
TAKES_ONE = f'if mkdir "{{0}}/one" 2>/dev/null; then {KEEPS.strip()}; else {REFUSES}fi\n'
STARTS = """
cp "$1" "{0}/job.sh"
bash "{0}/job.sh" >"{0}/job.log" 2>&1 </dev/null &
echo "Submitted batch job $!"
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A function that makes `sbatch` do what a shell's text says; `scancel` keeps its words."""
    import dask

    programs = tmp_path / "bin"
    programs.mkdir()

    def put(name: str, text: str) -> None:
        (programs / name).write_text("#!/bin/bash\n" + text.replace("{0}", str(tmp_path)))
        (programs / name).chmod(0o755)

    put("scancel", 'echo "$@" >>"{0}/cancelled"\nkill "$1" 2>/dev/null\nexit 0\n')
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    told = {"cores": 1, "memory": "500MB", "interface": "lo", "scheduler-options": {}}
    with dask.config.set({"jobqueue.slurm": {**dask.config.get("jobqueue.slurm"), **told}}):
        yield lambda text: put("sbatch", text)


@pytest.fixture
def patience():
    """A function that sets how long the first worker may take."""
    import dask

    yield lambda told: dask.config.set({"ttc.no-worker": told})
    dask.config.set({"ttc.no-worker": "10 minutes"})


def run(jobs: int):
    return list(open_engine("dask://slurm", jobs).run([CELL]))


def test_a_queue_that_refuses_the_jobs_is_told_at_once(queue, caplog):
    queue(REFUSES)
    began = time.monotonic()
    with pytest.raises(TtcError) as caught:
        run(2)
    assert time.monotonic() - began < 60
    said = str(caught.value)
    assert said.startswith("--engine dask://slurm: the queue takes no job: sbatch: error: Invalid")
    assert said.endswith("is in Dask's configuration, under jobqueue.slurm")
    assert "Traceback" not in caplog.text


def test_a_queue_without_its_program_is_told_too(queue, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(TtcError, match=r"takes no job: .*sbatch"):
        run(1)


def test_the_first_worker_is_waited_for_and_no_longer_than_told(
    queue, patience, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr("ttc.cells.engines.dask_patience._FIRST_TOLD_S", 0.2)
    queue(TAKES_ONE)
    patience("2s")
    with pytest.raises(TtcError, match="no worker has been there for 2 s; it has the") as caught:
        run(2)
    assert "DASK_TTC__NO_WORKER=1h" in str(caught.value)
    assert "1 of 2 jobs were refused: sbatch: error: Invalid account" in caplog.text
    assert "waiting for the first of 2 workers, up to 2 s; it has the jobs" in caplog.text
    job = str(caught.value).partition("it has the jobs ")[2].partition(".")[0]
    assert (tmp_path / "cancelled").read_text().split() == [job]


@pytest.mark.slow
def test_a_worker_that_comes_does_the_cell(queue, tmp_path):
    queue(STARTS)
    (done,) = run(1)
    assert done.ok, done.words
    assert len(list(tmp_path.glob("results/quickstart/*/manifest.json"))) == 1


@pytest.mark.parametrize("told", ["soon", "0s", -1])
def test_a_wait_that_is_none_is_refused(queue, patience, told):
    patience(told)
    with pytest.raises(UsageError, match="is no time"):
        run(1)
