"""A sweep as a person starts it: planned, told by cell, gone on with, and read as one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pandas as pd
import pytest
from processes import _server, ttc

from ttc.cells.cell import Cell, Done, ended
from ttc.cells.sweep.planning import plan_sweep
from ttc.cells.sweep.preparing import Asked, prepare
from ttc.cells.sweep.running import run_cells
from ttc.cells.sweep.tables import cell_rows, write_tables
from ttc.store.lock import locked_folder
from ttc.store.sweeps import CellState, SweepState, read_sweep_state

TINY = """
name: tiny
dataset: {type: nano, levels: [1], problems: 4}
sampler: {type: independent, solutions: 2, temperature: 1.0, max_tokens: 24}
policies: [first, majority]
"""
GRID = ("--grid", "sampler.temperature=0.5,1", "--grid", "seed=0,1")


@pytest.fixture
def tiny(tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY)
    return tmp_path


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder with a sweep that was done, and what it printed."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "tiny.yaml").write_text(TINY)
    done = ttc(folder, "sweep", "tiny.yaml", *GRID, "--name", "mine", "--json", "-j", "2")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_a_plan_starts_nothing_and_says_what_is_there(tiny):
    done = ttc(tiny, "sweep", "tiny.yaml", *GRID, "--grid", "seed=1", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "Sweep tiny-temperature-seed: 4 cells, 0 complete, 4 to do" in done.stdout
    assert "2 cells counted once" in done.stdout
    assert not (tiny / "results").exists()
    ttc(tiny, "run", "tiny.yaml", "--set", "seed=1")
    found = json.loads(ttc(tiny, "sweep", "tiny.yaml", *GRID, "--dry-run", "--json").stdout)
    assert (found["count"], found["complete"], found["to_do"]) == (4, 1, 3)
    cells = {one["name"]: one for one in found["cells"]}
    assert cells["temperature=1, seed=1"]["status"] == "complete"
    plan = json.loads(ttc(tiny, "plan", "tiny.yaml", "--like", "tiny", "--json").stdout)
    due = cells["temperature=1, seed=0"]
    assert due["tokens"] == plan["total"]["tokens"]
    assert due["lengths"].startswith("tiny/s1-")
    whole = sum(one["tokens"]["most"] for one in cells.values() if one["status"] == "waiting")
    assert found["total"]["tokens"]["most"] == pytest.approx(whole)


def test_all_that_is_wrong_is_told_before_anything_starts(tiny):
    (tiny / "s.yaml").write_text(
        "recipes: [tiny.yaml, none.yaml]\n"
        "grid:\n  sampler.temprature: [1]\n  seed: [0, x]\n  results: [a]\n"
    )
    done = ttc(tiny, "sweep", "s.yaml", "--grid", "sampler.solutions=2,-1")
    assert done.returncode == 2
    assert "s.yaml:5: grid.results" in done.stderr
    (tiny / "s.yaml").write_text(
        "recipes: [tiny.yaml, none.yaml]\ngrid:\n  sampler.temprature: [1]\n  seed: [0, x]\n"
    )
    done = ttc(tiny, "sweep", "s.yaml", "--grid", "sampler.solutions=2,-1")
    assert done.returncode == 2
    for words in (
        "s.yaml:1: none.yaml: no such recipe file",
        "s.yaml:3: sampler.temprature: unknown key; did you mean 'temperature'?",
        "s.yaml:4: seed: must be a whole number, not 'x'",
        "--grid sampler.solutions=2,-1: sampler.solutions: must be at least 1",
    ):
        assert words in done.stderr
    assert len(done.stderr.splitlines()) == 4
    assert not (tiny / "results").exists()


@pytest.mark.slow
def test_tables_over_all_cells(swept):
    folder, said = swept
    assert (said["complete"], said["failed"]) == (4, 0)
    curves = pd.read_parquet(folder / "results/sweeps/mine/curves.parquet")
    cells = pd.read_parquet(folder / "results/sweeps/mine/cells.parquet")
    assert curves["recipe.sampler.temperature"].dtype == "float64"
    assert curves["recipe.seed"].dtype == "int64"
    pairs = curves.groupby(["recipe.sampler.temperature", "recipe.seed"])["run"].nunique()
    assert list(pairs) == [1, 1, 1, 1]
    for run, own in curves.groupby("run", observed=True):
        alone = pd.read_parquet(folder / "results" / str(run) / "curves.parquet")
        assert list(own["success"]) == list(alone["success"])
        assert list(own["tokens"]) == list(alone["tokens"])
    assert list(cells["status"]) == ["complete"] * 4
    assert {"success.first", "success.majority"} <= set(cells)
    at_most = curves[(curves.policy == "majority") & (curves.S == 2)].set_index("run")["success"]
    told = cells.set_index("run")["success.majority"]
    assert told.to_dict() == pytest.approx(at_most.to_dict())


@pytest.mark.slow
def test_its_name_stands_for_its_runs(swept):
    folder, said = swept
    compared = json.loads(ttc(folder, "compare", "mine", "--over", "seed", "--json").stdout)
    assert set(compared["methods"]) == {"temperature=0.5", "temperature=1"}
    assert all(len(runs) == 2 for runs in compared["methods"].values())
    done = ttc(folder, "report", "mine")
    assert "results/sweeps/mine/report.html" in done.stdout, done.stderr
    named = [str(folder / "results/sweeps/mine"), "results/sweeps/mine/sweep.json", "sweeps/mine"]
    for word in named:
        again = json.loads(ttc(folder, "compare", word, "--over", "seed", "--json").stdout)
        assert again["methods"] == compared["methods"]
    assert all(str(row["run"]).startswith("tiny/s") for row in said["cells"])


def test_a_recipe_of_the_same_name_goes_first(swept):
    folder, _ = swept
    ttc(folder, "sweep", "tiny.yaml", *GRID, "--name", "tiny", "--plain")
    alone, all_of_it = (
        json.loads(ttc(folder, "compare", word, "--json").stdout)["methods"]
        for word in ("tiny", "sweeps/tiny")
    )
    assert sum(map(len, alone.values())) == 1
    assert sum(map(len, all_of_it.values())) == 4


def test_again_it_has_nothing_to_do_and_may_grow(swept):
    folder, said = swept
    before = {p: p.stat().st_mtime_ns for p in folder.glob("results/tiny/*/manifest.json")}
    for words in (("mine", "--resume"), ("tiny.yaml", *GRID, "--name", "mine")):
        done = ttc(folder, "sweep", *words, "--plain")
        assert "4 complete, 0 to do" in done.stdout, done.stderr
    same = ("sweep", "tiny.yaml", "--name", "mine", "--dry-run")
    grown = ttc(folder, *same, *GRID, "--grid", "seed=2")
    assert "6 cells, 4 complete, 2 to do" in grown.stdout
    less = ttc(folder, *same, "--grid", "sampler.temperature=0.5", "--grid", "seed=0,1")
    assert "2 cells, 2 complete, 0 to do" in less.stdout
    assert "2 cells of this name before are no longer in it" in less.stdout
    assert all(p.stat().st_mtime_ns == t for p, t in before.items())
    assert len(said["cells"]) == len(read_sweep_state(folder / "results/sweeps/mine").cells)


def test_a_recipe_that_changed_is_run_anew_and_the_plan_says_so(swept):
    folder, _ = swept
    ttc(folder, "sweep", "tiny.yaml", *GRID, "--name", "changed", "--plain")
    (folder / "tiny.yaml").write_text(TINY.replace("max_tokens: 24", "max_tokens: 25"))
    try:
        done = ttc(folder, "sweep", "changed", "--resume", "--dry-run")
    finally:
        (folder / "tiny.yaml").write_text(TINY)
    assert "4 cells, 0 complete, 4 to do" in done.stdout
    assert "4 cells complete before: their recipe or its files have changed" in done.stdout


def test_words_that_name_no_sweep(tiny):
    for words in (("none", "--resume"), ("x" * 5000, "--resume"), ("../..", "--resume")):
        done = ttc(tiny, "sweep", *words)
        assert done.returncode != 0
        assert done.stderr.startswith("Error: ")
        assert "Traceback" not in done.stderr
    (tiny / "results/sweeps/odd").mkdir(parents=True)
    (tiny / "results/sweeps/odd/sweep.json").write_text('{"name": 3}')
    done = ttc(tiny, "sweep", "odd", "--resume")
    assert "sweep.json is no sweep of this version of ttc: name" in done.stderr
    done = ttc(tiny, "sweep", "tiny.yaml", "--name", "../x")
    assert "a sweep can't be called '../x'" in done.stderr


@pytest.mark.slow
def test_a_fit_of_a_sweep_is_written_beside_it(tmp_path):
    runs = []
    for seed in ("1", "2"):
        size = ("--problems", "20", "--solutions", "4", "--verifications", "2")
        ttc(tmp_path, "simulate", "--to", "results/drawn", "--seed", seed, *size)
    for path in sorted(tmp_path.glob("results/drawn/*/")):
        runs.append(CellState(name=path.name, recipe="r", run=f"drawn/{path.name}"))
    SweepState(name="both", cells=runs).write(tmp_path / "results/sweeps/both")
    words = ("--pool", "--policy", "best_of_n", "--draws", "20", "--json")
    done = ttc(tmp_path, "fit-scaling", "both", *words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results/sweeps/both/fit.json").is_file()
    assert len(runs) == 2


def test_the_script_of_a_job_array_is_shown_before_it_is_submitted(tiny):
    done = ttc(tiny, "sweep", "tiny.yaml", *GRID, "--engine", "slurm://partition=gpu", "--dry-run")
    assert "#SBATCH --partition=gpu" in done.stdout, done.stderr
    assert "--array=1-4" in done.stdout
    assert not (tiny / "results").exists()


def test_two_processes_do_not_write_one_sweep(tiny):
    with locked_folder(tiny / "results/sweeps/mine", "held"):
        done = ttc(tiny, "sweep", "tiny.yaml", "--name", "mine", "--plain")
    assert done.returncode == 75
    assert "another process is at work on the sweep results/sweeps/mine" in done.stderr


def test_parts_at_any_depth_several_recipes_and_random_draws(tiny):
    other = TINY.replace("name: tiny", "name: other")
    (tiny / "sub").mkdir()
    (tiny / "sub/other.yaml").write_text(other)
    (tiny / "sub/s.yaml").write_text(
        """
recipes: [other.yaml, tiny.yaml]  # one beside this file, one in the working folder
list:
  - verifiers: [{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm}]
    verifiers.0.verifications: 2
random: {cells: 2, keys: {sampler.temperature: {uniform: [0.2, 1]}}}
"""
    )
    found = json.loads(ttc(tiny, "sweep", "sub/s.yaml", "--dry-run", "--json").stdout)
    assert found["count"] == 4
    names = [one["name"] for one in found["cells"]]
    assert [name.partition(",")[0] for name in names] == ["other", "other", "tiny", "tiny"]
    drawn = [one["keys"]["sampler.temperature"] for one in found["cells"]]
    assert drawn[:2] == drawn[2:]
    assert all(one["keys"]["verifiers.0.verifications"] == 2 for one in found["cells"])


class Forked:
    """Cells by a server of preloaded interpreters, some at a time."""

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder, self.jobs = folder, jobs
        self.did: list[Cell] = []
        _server()  # before there are threads

    def run(self, cells: Sequence[Cell]) -> Iterator[Done]:
        with ThreadPoolExecutor(self.jobs) as pool:
            for future in as_completed([pool.submit(self._do, cell) for cell in cells]):
                yield future.result()

    def _do(self, cell: Cell) -> Done:
        self.did.append(cell)
        done = ttc(self.folder, *cell.arguments(), "--plain", "--json")
        return ended(cell, done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_sixty_cells_with_five_failures_finish_when_they_are_mended(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(
        TINY.replace("type: nano, levels: [1], problems: 4", "type: file, path: 0.csv")
    )
    for number in range(12):
        Path(f"{number}.csv").write_text(f"question,answer\n{number}+1,{number + 1}\n")
    whole = Path("7.csv").read_text()
    Path("7.csv").write_text("question,answer\n")
    files = ",".join(f"{number}.csv" for number in range(12))
    asked = Asked(("r.yaml",), (f"dataset.path={files}", "seed=0,1,2,3,4"), name="sixty")
    engine = Forked(tmp_path, 3)

    def sweep(asked):
        found = prepare(asked)
        plan = plan_sweep(found)
        engine.did.clear()
        told = []
        run_cells(plan.to_do, found.state, found.folder, engine, told.append)
        write_tables(found.state, found.folder, cell_rows(found.state, found.folder))
        return plan, told

    plan, told = sweep(asked)
    assert (len(plan.complete), len(told)) == (60, 60)
    state = read_sweep_state(Path("results/sweeps/sixty"))
    failed = state.failed()
    assert [one.keys for one in failed] == [
        {"dataset.path": "7.csv", "seed": seed} for seed in range(5)
    ]
    assert all("7.csv" in one.words for one in failed)
    alone = ttc(tmp_path, *failed[0].alone("results")[1:])
    assert alone.returncode == failed[0].code
    assert failed[0].words in alone.stderr
    cells = pd.read_parquet("results/sweeps/sixty/cells.parquet")
    assert list(cells[cells.status == "failed"]["recipe.dataset.path"]) == ["7.csv"] * 5
    curves = pd.read_parquet("results/sweeps/sixty/curves.parquet")
    assert curves["run"].nunique() == 55

    Path("7.csv").write_text(whole)
    plan, told = sweep(Asked(("sixty",), resume=True))
    assert sum(plan.complete) == 55
    assert {override for cell in engine.did for override in cell.overrides[:1]} == {
        "dataset.path=7.csv"
    }
    assert len(engine.did) == 5
    assert all(one.done.ok for one in told)
    state = read_sweep_state(Path("results/sweeps/sixty"))
    assert state.count("complete") == 60
    assert pd.read_parquet("results/sweeps/sixty/curves.parquet")["run"].nunique() == 60


@pytest.mark.slow
def test_a_failed_cell_is_told_with_its_words_and_its_command(tiny):
    (tiny / "none.csv").write_text("question,answer\n")
    kinds = "dataset={type: nano, levels: [1], problems: 1},{type: file, path: none.csv}"
    done = ttc(tiny, "sweep", "tiny.yaml", "--grid", kinds, "--name", "two", "--plain")
    assert done.returncode == 3
    assert "can't be planned, and will fail unless it is mended" in done.stdout
    assert "Failed: 1" in done.stdout
    assert "next: ttc sweep two --resume" in done.stdout
    (command,) = (line for line in done.stdout.splitlines() if line.startswith("  ttc run"))
    alone = ttc(tiny, *shlex.split(command)[1:])
    assert "none.csv" in alone.stderr
    partial = ttc(tiny, "compare", "two")
    assert "1 of 2 cells have no samples yet" in partial.stderr
