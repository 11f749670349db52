"""Slurm: cells as tasks of job arrays.

What is submitted needs no process of ours to wait for it: the array's tasks write how they ended,
and a dependent job does what is to be done at last. `Slurm.run` does wait, for callers that go on
with what cells made.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ttc.cells.cell import Cell, Done
from ttc.cells.elsewhere import STOPPED
from ttc.cells.engines.slurm_script import AtLast, Options, Script, read_options
from ttc.cells.listed import read_ending, write_cells
from ttc.errors import TtcError, UsageError
from ttc.store.atomic import write_text

LARGEST_ARRAY = 1000
"""Tasks: Slurm's own limit unless a site sets another (MaxArraySize, 1001)."""
_POLL_S = 2.0
_GONE = 3  # looks at the queue without a task before it counts as ended by Slurm


def open_engine(address: str, jobs: int) -> Slurm:
    """address: options of `sbatch`, see `read_options`. Raises `UsageError`."""
    return Slurm(read_options(address), jobs)


@dataclass(frozen=True, slots=True)
class Planned:
    """A submission before it is made: its scripts by file name, and the list of cells."""

    folder: Path
    cells: Sequence[Cell]
    arrays: dict[str, str]
    last: str = ""

    def told(self) -> str:
        """What would be submitted, as text."""
        parts = [f"# sbatch {self.folder / name}\n{text}" for name, text in self.arrays.items()]
        if self.last:
            ids = ":".join("ID" for _ in self.arrays)
            command = f"# sbatch --dependency=afterany:{ids} {self.folder / LAST}"
            parts.append(f"{command}\n{self.last}")
        return "\n".join(parts)


LAST = "last.sh"


@dataclass(frozen=True, slots=True)
class Submitted:
    """Ids of jobs: of the arrays in order, and of the last one, empty where there is none."""

    folder: Path
    arrays: tuple[str, ...]
    last: str = ""


class Slurm:
    """jobs: tasks at a time, 0 for no limit but Slurm's."""

    def __init__(self, options: Options, jobs: int = 0) -> None:
        self._options, self._jobs = options, jobs

    @property
    def jobs(self) -> int:
        return self._jobs

    def plan(
        self, cells: Sequence[Cell], folder: Path, name: str, last: AtLast | None = None
    ) -> Planned:
        """What would be submitted. folder: of the submission; last: what is to be done when all
        cells have ended, however they did: it says what is missing, where a job that waited for
        success would wait for ever.
        """
        safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:60]
        script = Script(f"ttc-{safe}", folder.absolute(), Path.cwd(), self._options)
        arrays: dict[str, str] = {}
        for begin in range(0, len(cells), LARGEST_ARRAY):
            tasks = range(1, min(LARGEST_ARRAY, len(cells) - begin) + 1)
            arrays[f"array-{len(arrays) + 1}.sh"] = script.array(tasks, begin, self._jobs)
        return Planned(script.folder, cells, arrays, script.last(last) if last else "")

    def submit(self, planned: Planned) -> Submitted:
        """Write a submission's folder and hand it to Slurm. Raises `TtcError`, and `UsageError`
        where there is no Slurm.
        """
        _require("sbatch")
        folder = planned.folder
        write_cells(folder, planned.cells)
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        for name, text in {**planned.arrays, LAST: planned.last}.items():
            if text:
                write_text(folder / name, text)
        arrays = tuple(_sbatch(folder / name) for name in planned.arrays)
        last = ""
        if planned.last:
            last = _sbatch(folder / LAST, f"--dependency=afterany:{':'.join(arrays)}")
        write_text(folder / "jobs.json", json.dumps({"arrays": arrays, "last": last}) + "\n")
        return Submitted(folder, arrays, last)

    def run(self, cells: Sequence[Cell]) -> Generator[Done, None, None]:
        """As `Engine.run` says; waits for Slurm."""
        if not cells:
            return
        root = Path(cells[0].results or "results") / "slurm"
        folder = root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        submitted = self.submit(self.plan(cells, folder, Path(cells[0].recipe).stem))
        waiting = dict(enumerate(cells, 1))
        try:
            for number, done in _endings(submitted, waiting):
                del waiting[number]
                yield done
        finally:
            if waiting:
                _stop(submitted)


def still_queued(folder: Path) -> str:
    """Ids of jobs of a submission that Slurm still has, for a message; empty where it has none."""
    try:
        told = json.loads((folder / "jobs.json").read_text(encoding="utf-8"))
        ids = [*map(str, told["arrays"]), *([str(told["last"])] if told["last"] else [])]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    queued = {task.partition("_")[0] for task in _queue(ids)}
    return ",".join(one for one in ids if one in queued)


def _endings(submitted: Submitted, cells: dict[int, Cell]) -> Iterator[tuple[int, Done]]:
    """By number, as cells end or leave the queue without having ended."""
    waiting, missed = dict(cells), dict.fromkeys(cells, 0)
    while waiting:
        queued = _queue(submitted.arrays)  # before the endings: who leaves it has written by then
        for number, cell in list(waiting.items()):
            done = read_ending(submitted.folder, number, cell)
            if done is None:
                chunk, task = divmod(number - 1, LARGEST_ARRAY)
                here = f"{submitted.arrays[chunk]}_{task + 1}" in queued
                missed[number] = 0 if here else missed[number] + 1
                if missed[number] < _GONE:
                    continue
                log = submitted.folder / "logs" / f"{submitted.arrays[chunk]}_{task + 1}.log"
                done = Done(cell, STOPPED, f"Slurm ended it (time, memory, scancel?): {log}")
            del waiting[number]
            yield number, done
        if waiting:
            time.sleep(_POLL_S)


def _stop(submitted: Submitted) -> None:
    """Take what waits out of the queue, interrupt what runs, and wait until all is gone."""
    ids = list(submitted.arrays)
    subprocess.run(["scancel", "--state=PENDING", *ids], check=False, capture_output=True)
    subprocess.run(["scancel", "--batch", "--signal=INT", *ids], check=False, capture_output=True)
    while _queue(ids):
        time.sleep(_POLL_S)


def _queue(ids: Sequence[str]) -> set[str]:
    """Tasks that Slurm has of these jobs, as `12_3`. Raises `TtcError` where it does not answer."""
    if not ids:
        return set()
    _require("squeue")
    listed = ["squeue", "--noheader", "--array", "--format=%i", f"--jobs={','.join(ids)}"]
    asked = subprocess.run(listed, check=False, capture_output=True, text=True)
    if asked.returncode and "Invalid job id" not in asked.stderr:
        raise TtcError(f"squeue does not answer: {asked.stderr.strip()}")
    return set(asked.stdout.split())


def _sbatch(script: Path, *options: str) -> str:
    words = ["sbatch", "--parsable", *options, str(script)]
    asked = subprocess.run(words, check=False, capture_output=True, text=True)
    job = asked.stdout.strip().partition(";")[0]  # `id;cluster` where there are several
    if asked.returncode or not job.isdecimal():
        said = (asked.stderr or asked.stdout).strip()
        raise TtcError(f"sbatch took no {script.name}: {said} ({script})")
    return job


def _require(program: str) -> None:
    if shutil.which(program) is None:
        raise UsageError(
            f"--engine slurm: there is no {program} here; submit from a machine of the cluster, or "
            "look at the script by --dry-run"
        )
