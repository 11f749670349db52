"""Methods of very different kind, each killed ten times: same calls, same answers, same sums."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from methods.late import calls
from methods.plugin import PARTS
from methods.recipes import METHODS, Ran, check_limits, ran, written
from processes import Command

KILLS = 10
MORE = {
    "dataset": {"type": "nano", "family": "arithmetic", "levels": [2, 3], "problems": 8},
    "engine": {"problems_in_flight": 3},
}


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


def killed(folder: Path, path: str, seed: str, whole: int) -> int:
    """Begin the run and kill it after some calls more, again and again, unless it has ended.

    whole: how many calls it makes. Returns how often it was killed.
    """
    dice, notes = random.Random(seed), folder / "notes.jsonl"
    for i in range(KILLS):
        wanted = max(whole * (i + dice.random()) / (KILLS + 2), len(different(notes)) + 1)
        with Command(folder, "run", "r.yaml", "--plain", PYTHONPATH=path) as process:
            while process.poll() is None and len(different(notes)) < wanted:
                time.sleep(0.02)
            time.sleep(dice.uniform(0, 0.05))
            if process.poll() is not None:
                return i
            process.kill()
    return KILLS


def different(notes: Path) -> set[tuple[Any, ...]]:
    """What was asked, be it once or again after a kill."""
    return {
        (call["model"], call["prompt"], *call["steps"], *call["seeds"]) for call in calls(notes)
    }


@pytest.mark.slow
@pytest.mark.parametrize("method", [*METHODS, "beam"])
def test_ten_kills_leave_no_trace(tmp_path, plugin, own_parts, method):
    own_parts(*PARTS)
    budget = {"per_problem": {"tokens": 50_000}, "per_run": {"tokens": 300_000, "calls": 9000}}
    more = {**MORE, "budget": budget}
    calm = ran(tmp_path / "calm", method, most=0, **more)
    folder = written(tmp_path / "killed", method, most=0.1, **more)
    assert killed(folder, plugin, method, len(calm.calls)) == KILLS
    found = finished(folder, plugin, method)
    check_limits(found, budget)
    found.check_sums()
    found.check_tables(calm)
    assert different(folder / "notes.jsonl") == different(tmp_path / "calm" / "notes.jsonl")
    assert len(found.manifest["tries"]) == KILLS + 1
    assert found.manifest["status"] == "complete"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["step_tree", "meta"])
def test_kills_cost_samples_where_a_budget_binds_but_pass_no_limit(tmp_path, plugin, method):
    """What was under way may be billed, so a run that is killed can buy less."""
    budget = {"per_problem": {"tokens": 400}, "per_run": {"tokens": 3000}}
    folder = written(tmp_path / "killed", method, most=0.1, budget=budget, **MORE)
    assert killed(folder, plugin, method, 40) >= 3
    found = finished(folder, plugin, method)
    check_limits(found, budget)
    found.check_sums()
    ledger = found.manifest["ledger"]
    used = sum(r["prompt_tokens"] + r["completion_tokens"] for r in ledger["roles"].values())
    assert used + ledger["lost"]["tokens"] <= 3000
