"""Methods of very different kind, each killed ten times: same calls, same answers, same sums."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from methods.late import calls
from methods.recipes import METHODS, Ran, check_limits, written
from processes import Command

KILLS = 10
PROBLEMS = {"type": "nano", "family": "arithmetic", "levels": [2, 3], "problems": 8}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory) -> str:
    """The PYTHONPATH with which `ttc` finds the methods."""
    folder = tmp_path_factory.mktemp("plugin")
    info = folder / "ttc_methods-1.dist-info"
    info.mkdir()
    (folder / "ttc_methods.py").write_text("from methods.plugin import load\nload()\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ttc-methods\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ttc.plugins]\nmethods = ttc_methods\n")
    helpers = Path(__file__).parents[1] / "helpers"
    return os.pathsep.join(map(str, (folder, helpers)))


def finished(folder: Path, path: str, method: str) -> Ran:
    with Command(folder, "run", "r.yaml", "--plain", PYTHONPATH=path) as process:
        said = process.communicate(timeout=100)
        assert process.returncode == 0, said
    return Ran(folder, method)


def killed(folder: Path, path: str, seed: str) -> None:
    """Begin the run and kill it after some calls more, again and again."""
    dice, notes = random.Random(seed), folder / "notes.jsonl"
    for _ in range(KILLS):
        wanted = len(calls(notes)) + dice.randrange(1, 8)
        with Command(folder, "run", "r.yaml", "--plain", PYTHONPATH=path) as process:
            while process.poll() is None and len(calls(notes)) < wanted:
                time.sleep(0.01)
            time.sleep(dice.uniform(0, 0.05))
            assert process.poll() is None, process.written()
            process.kill()


BUDGETS = {"none": {}, "binding": {"per_problem": {"tokens": 300}, "per_run": {"tokens": 1900}}}


@pytest.mark.slow
@pytest.mark.parametrize("name", BUDGETS)
@pytest.mark.parametrize("method", METHODS)
def test_ten_kills_leave_no_trace(tmp_path, plugin, method, name):
    budget, engine = BUDGETS[name], {"problems_in_flight": 3, "concurrency": 8}
    one, two = (
        written(tmp_path / f"{die}", method, die=die, dataset=PROBLEMS, engine=engine, budget=budget)
        for die in (1, 2)
    )
    t=time.time()
    calm = finished(one, plugin, method)
    print("calm", time.time()-t, len(calm.calls))
    t=time.time()
    killed(two, plugin, method)
    print("killed", time.time()-t)
    t=time.time()
    found = finished(two, plugin, method)
    print("last", time.time()-t, len(found.calls), found.manifest["ledger"]["lost"])
    check_limits(found, budget)
    found.check_sums()
    found.check_tables(calm)
    assert {row_key(c) for c in found.calls} == {row_key(c) for c in calm.calls}
    assert len(found.manifest["tries"]) == KILLS + 1


def row_key(call) -> tuple:
    return call["model"], call["prompt"], *call["seeds"]
