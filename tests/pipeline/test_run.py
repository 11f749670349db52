"""A whole run on the embedded models: tables, curves, interruption, budget."""

import subprocess
import sys
import time

import pytest

from ttc import nano
from ttc.errors import TtcError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

pytestmark = pytest.mark.skipif("nano-verifier" not in nano.models(), reason="no nano-verifier")
RECIPE = """
name: tiny
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 64}
verifiers:
  - type: genrm
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    verifications: 4
    temperature: 1.0
    max_tokens: 96
policies: [majority, best_of_n]
"""


def recipe(folder, *overrides, results="results"):
    path = folder / "tiny.yaml"
    path.write_text(RECIPE)
    return load_recipe(path, [f"results={folder / results}", *overrides])


def frames(run):
    solutions = read_frame(run.solutions, "solutions").drop(columns="seconds")
    return solutions, read_frame(run.verifications, "verifications").drop(columns="seconds")


def test_tables_and_curves_and_a_second_run(tmp_path):
    first = run_recipe(recipe(tmp_path))
    solutions, verifications = frames(first.run)
    assert first.fresh
    assert (len(solutions), len(verifications)) == (4 * 8, 4 * 8 * 4)
    curves = read_frame(first.run.curves, "curves")
    one = curves[(curves["policy"] == "majority") & (curves["S"] == 1)]
    assert one["success"].iloc[0] == pytest.approx(solutions["correct"].mean())
    assert not run_recipe(recipe(tmp_path)).fresh


def test_a_killed_run_ends_as_if_nothing_had_happened(tmp_path):
    calm = run_recipe(recipe(tmp_path, results="calm"))
    recipe(tmp_path)
    command = [sys.executable, "-m", "ttc", "run", "tiny.yaml"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    journal = tmp_path / "results" / "journal.sqlite-wal"
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        if journal.exists() and journal.stat().st_size > 20_000:
            break
        time.sleep(0.002)
    process.kill()
    process.wait()
    again = run_recipe(recipe(tmp_path))
    for a, b in zip(frames(calm.run), frames(again.run), strict=True):
        assert a.equals(b)


def test_a_problems_token_budget_holds(tmp_path):
    outcome = run_recipe(recipe(tmp_path, "budget.per_problem.tokens=600"))
    solutions, verifications = frames(outcome.run)
    assert outcome.manifest.status == "budget"
    used = solutions.groupby("problem_id", observed=True)["completion_tokens"].sum()
    judged = verifications.groupby("problem_id", observed=True)["completion_tokens"].sum()
    assert used.add(judged, fill_value=0).max() <= 600


def test_a_problems_budget_is_spent_to_the_last_call(tmp_path):
    wanted = ("budget.per_problem={calls: [4, 21], tokens: 700}", "sampler.solutions=16")
    solutions, verifications = frames(run_recipe(recipe(tmp_path, *wanted)).run)
    drawn = solutions["problem_id"].value_counts().add(verifications["problem_id"].value_counts())
    assert set(drawn) == {21}, "16 solutions would take 1024 tokens in the worst case"


def test_a_results_folder_that_is_a_file_is_one_clear_message(tmp_path):
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(TtcError, match="can't write in"):
        run_recipe(recipe(tmp_path))
