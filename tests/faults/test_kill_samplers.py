"""Every sampler that ships is killed at work, and its run ends as if nothing had happened.

Real processes of `ttc run` with each recipe of samplers, on the embedded networks. They are quick,
and who polls from outside finds them done: a plug-in has a process kill itself, to the row of its
journal, once a commit is on the disk or just before it. A new sampler joins by its recipe, which it
can't do without.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from processes import Command

from ttc.recipe import load_recipe
from ttc.recipe.shipped import shipped_files
from ttc.registry import walk

TABLES = ("problems", "solutions", "verifications", "samples", "answers", "curves")
TIMES = ["seconds", "latency"]
SMALL = {
    "samplers": ["dataset.problems=2", "dataset.levels=[2]"],
    "repair": ["dataset.problems=1", "dataset.public=2", "dataset.hidden=2"],
}
MANY, FEW = ("solutions", "passes", "chains", "children", "expansions"), 4
RECIPES = [name for name in shipped_files() if "/" in name and name.split("/")[0] in SMALL]
WIDE = "{per_problem: {tokens: 10000000}}"
PLUGIN = """
import os, signal
from ttc.engine.journal import Journal

left, when, commit = int(os.environ["ROWS"]), os.environ["WHEN"], Journal._transact

def transact(self, rows, bills):
    global left
    left -= len(rows)
    if left > 0 or when == "after":
        there = commit(self, rows, bills)
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return there

Journal._transact = transact
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory) -> str:
    """The PYTHONPATH with which a process kills itself: with ROWS in the journal, WHEN a commit
    is made (before or after).
    """
    folder = tmp_path_factory.mktemp("plugin")
    info = folder / "ttc_killed-1.dist-info"
    info.mkdir()
    (folder / "ttc_killed.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ttc-killed\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[ttc.plugins]\nkilled = ttc_killed\n")
    return str(folder)


@cache
def small(recipe: str) -> list[str]:
    """Settings with which a recipe buys little: few problems, and no more of anything than that."""
    sampler = load_recipe(recipe).sampler
    fewer = [f"sampler.{name}={FEW}" for name in MANY if getattr(sampler, name, 0) > FEW]
    return [*SMALL[recipe.split("/")[0]], *fewer]


@dataclass
class Tries:
    """Tries of one recipe at a tiny size, in a folder of results of their own."""

    recipe: str
    results: Path
    budget: str = WIDE

    def start(self, **env: str) -> Command:
        self.results.mkdir(exist_ok=True)
        settings = [*small(self.recipe), f"budget={self.budget}"]
        words = [word for one in settings for word in ("--set", one)]
        words += ["--plain", "--results", str(self.results)]
        return Command(self.results.parent, "run", self.recipe, *words, **env)

    def finish(self) -> None:
        process = self.start()
        said = process.communicate(timeout=200)
        assert process.returncode == 0, said

    def kill(self, plugin: str, rows: int, when: str) -> None:
        """A try that dies of SIGKILL when it has put so many rows into the journal."""
        process = self.start(PYTHONPATH=plugin, ROWS=str(rows), WHEN=when)
        said = process.communicate(timeout=200)
        assert process.returncode == -signal.SIGKILL, said

    def journal(self) -> set[bytes]:
        """The keys of what was bought so far."""
        with closing(sqlite3.connect(self.results / "journal.sqlite")) as database:
            return {key for (key,) in database.execute("SELECT key FROM completions")}

    @property
    def run(self) -> Path:
        (found,) = (one.parent for one in self.results.glob("*/*/manifest.json"))
        return found

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.run / "manifest.json").read_text())
        return found

    def tables(self) -> dict[str, pd.DataFrame]:
        return {
            name: pd.read_parquet(path).drop(columns=TIMES, errors="ignore")
            for name in TABLES
            if (path := self.run / f"{name}.parquet").is_file()
        }

    def billed(self) -> dict[str, float]:
        """Tokens of what is in the journal, by problem, over all tries."""
        with closing(sqlite3.connect(self.results / "journal.sqlite")) as database:
            return dict(database.execute("SELECT problem, tokens - lost_tokens FROM bills"))


def test_every_sampler_has_a_recipe_here():
    from ttc.registry import parts

    shipped = {type(part) for name in RECIPES for _, part, _ in walk(load_recipe(name).sampler)}
    own = {cls for cls in parts("sampler").values() if cls.__module__.startswith("ttc.")}
    assert {cls.__name__ for cls in own - shipped} == set()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_killed_run_ends_as_if_nothing_had_happened(tmp_path, plugin, recipe):
    calm, tries = Tries(recipe, tmp_path / "calm"), Tries(recipe, tmp_path / "killed")
    calm.finish()
    wanted, dice = calm.journal(), random.Random(recipe)
    tries.kill(plugin, dice.randint(1, len(wanted)), "before")
    left = len(wanted - tries.journal())
    tries.kill(plugin, dice.randint(1, left), "after")
    before = tries.journal()
    tries.finish()
    assert before <= tries.journal() == wanted
    undisturbed, found = calm.tables(), tries.tables()
    assert found.keys() == undisturbed.keys()
    for name, table in found.items():
        pd.testing.assert_frame_equal(table, undisturbed[name])
    roles = tries.manifest["ledger"]["roles"].values()
    assert sum(used["paid_samples"] for used in roles) == len(wanted - before)
    assert [one["status"] for one in tries.manifest["tries"]] == ["killed", "killed", "complete"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("recipe", RECIPES)
def test_killed_runs_pass_no_budget(tmp_path, plugin, recipe):
    """What was under way at a kill counts, too, so that a run which is killed may buy less, or
    nothing more at all.
    """
    tries = Tries(
        recipe, tmp_path / "killed", "{per_problem: {tokens: 500}, per_run: {tokens: 800}}"
    )
    tries.kill(plugin, random.Random(recipe).randint(1, 5), "after")
    process = tries.start()
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0 or "the budget" in err, (out, err)
    found = tries.billed()
    assert 0 < max(found.values()) <= 500
    assert sum(found.values()) <= 800
    used = tries.manifest["ledger"]["roles"].values()
    assert sum(u["prompt_tokens"] + u["completion_tokens"] for u in used) <= 800
