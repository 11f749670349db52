"""`make sweep` from a shell, with the environment that runs the tests."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
ROOT = Path(__file__).parents[1]
RECIPE = """
dataset: {type: nano, levels: [1], problems: 2}
sampler: {type: independent, solutions: 2, temperature: 1.0, max_tokens: 32}
policies: [majority]
"""


@pytest.fixture
def make(tmp_path):
    """Run a target; what it prints and its exit code. Nothing is installed."""
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / "bin").symlink_to(Path(sys.executable).parent)
    (venv / ".base").touch()

    def run(*words):
        settings = (f"VENV={venv}", f"RESULTS={tmp_path / 'results'}", "JOBS=2")
        done = subprocess.run(
            ["make", *words, *settings], cwd=ROOT, capture_output=True, text=True, timeout=200
        )
        return done.stdout + done.stderr, done.returncode

    return run


@pytest.mark.slow
def test_a_sweep_runs_recipes_and_seeds_once(make, tmp_path):
    recipes = [tmp_path / "one" / "a.yaml", tmp_path / "two" / "a.yaml"]
    for solutions, path in enumerate(recipes, start=2):
        path.parent.mkdir()
        path.write_text(RECIPE.replace("solutions: 2", f"solutions: {solutions}"))
    words = ("sweep", f"RECIPES={tmp_path}/*/a.yaml", "SEEDS=0 1")
    said, code = make(*words)
    assert code == 0, said
    runs = sorted(path.name for path in (tmp_path / "results" / "a").iterdir())
    assert [name[:2] for name in runs] == ["s0", "s0", "s1", "s1"]
    assert said.count(": complete") == 4
    shutil.rmtree(tmp_path / "results" / "a" / runs[0])
    said, code = make(*words)
    assert "4 cells, 3 complete, 1 to do" in said
    assert (said.count(": complete"), code) == (1, 0)


def test_a_sweep_starts_nothing_where_a_recipe_is_wrong(make, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(RECIPE)
    said, code = make("sweep", f"RECIPES=quikstart {path}", "SEEDS=0")
    assert code != 0
    assert "did you mean 'quickstart'?" in said
    assert not (tmp_path / "results").exists()


@pytest.mark.slow
def test_a_sweep_goes_on_past_a_run_that_fails(make, tmp_path):
    well, broken = tmp_path / "a.yaml", tmp_path / "b.yaml"
    well.write_text(RECIPE)
    (tmp_path / "none.csv").write_text("question,answer\n")
    broken.write_text(
        RECIPE.replace("type: nano, levels: [1], problems: 2", "type: file, path: none.csv")
    )
    said, code = make("sweep", f"RECIPES={broken} {well}", "SEEDS=0", "SWEEP=mine")
    assert code != 0
    assert ": complete" in said
    assert "none.csv" in said
    assert "ttc sweep mine --resume" in said


def test_help_names_every_target(make):
    said, code = make("help")
    assert code == 0
    for target in ("quickstart", "test", "sweep", "verifiers", "nano", "bench", "docs", "clean"):
        assert f"\n{target} " in f"\n{said}"


def test_every_path_that_a_target_or_ci_names_exists():
    """Targets that this suite can't run (other engines) are as easily left behind by a move."""
    rules = "".join(line for line in (ROOT / "Makefile").open() if line.startswith("\t"))
    told = rules + (ROOT / ".ci" / "run").read_text()
    named = re.findall(r"(?<![\w./-])(?:tests|recipes|docs|benchmarks|ttc)/[\w./-]*", told)
    assert "tests/backends/transformers" in named
    assert [path for path in named if not (ROOT / path).exists()] == []
