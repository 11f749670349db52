"""Budgets that end before a problem's first solution, or before its first verification."""

import json
import re

import pytest
from processes import ttc

from ttc import nano
from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame

pytestmark = pytest.mark.skipif("nano-verifier" not in nano.models(), reason="no nano-verifier")
RECIPE = """
name: short
dataset: {type: nano, family: arithmetic, levels: [2, 3, 4], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 96}
verifiers:
  - {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
     verifications: 2, max_tokens: 96}
policies: [first, majority, best_of_n, oracle]
"""


def started(folder, *overrides):
    (folder / "short.yaml").write_text(RECIPE)
    sets = [word for text in overrides for word in ("--set", text)]
    done = ttc(folder, "run", "short.yaml", *sets)
    assert done.returncode == 0, done.stderr
    run = find_run("short", folder / "results")
    return re.sub(r"\s+", " ", done.stdout), run, read_frame(run.curves, "curves")


def test_problems_without_a_solution_are_left_out_counted_and_named(tmp_path):
    said, run, curves = started(tmp_path, "budget.per_run.tokens=250")
    facts = run.manifest().evaluation
    unsolved = facts["without_solutions"]
    assert 0 < len(unsolved) < 6
    assert set(curves["n_problems"]) == {6 - len(unsolved)}
    assert set(curves["n_left_out"]) == {len(unsolved)}
    assert f"{6 - len(unsolved)} of 6 problems are evaluated" in said
    assert all(name in said for name in unsolved)
    assert "no row for best_of_n" in said
    solutions = read_frame(run.solutions, "solutions")
    one = curves[(curves["policy"] == "first")]["success"].item()
    means = solutions.groupby("problem_id", observed=True)["correct"].mean()
    assert one == pytest.approx(means.mean())
    shown = ttc(tmp_path, "show", "short", "--problem", unsolved[0])
    assert shown.returncode == 0
    assert "no solutions: the budget ended" in shown.stdout


def test_problems_without_a_verification_stay_in_the_rows_that_read_none(tmp_path):
    # A solution and a verification are reserved at their longest: long problems stop in between.
    said, run, curves = started(
        tmp_path, "budget.per_problem.tokens=200", "sampler.solutions=1", "grid.solutions=[1]"
    )
    missing = run.manifest().evaluation["without_verifications"]["genrm"]
    assert 0 < len(missing) < 6
    counts = dict(zip(curves["policy"], curves["n_problems"], strict=True))
    verified = 6 - len(missing)
    assert counts == {"first": 6, "majority": 6, "oracle": 6, "best_of_n": verified}
    left = dict(zip(curves["policy"], curves["n_left_out"], strict=True))
    assert left == {"first": 0, "majority": 0, "oracle": 0, "best_of_n": len(missing)}
    solutions = read_frame(run.solutions, "solutions")
    vote = curves[curves["policy"] == "majority"]["success"].item()
    assert vote == pytest.approx(solutions["correct"].mean())
    assert f"{len(missing)} problems have no solution verified by genrm" in said
    assert "ttc curves compares policies on the problems that all have" in said
    assert "problems" in said

    # A comparison is about the problems that all have.
    done = ttc(tmp_path, "curves", "short", "--json")
    assert {row["n_problems"] for row in json.loads(done.stdout)} == {verified}
    done = ttc(tmp_path, "curves", "short", "--all-problems", "--json")
    counts = {row["policy"]: row["n_problems"] for row in json.loads(done.stdout)}
    assert counts["majority"] == counts["oracle"] == 6
    assert counts["best_of_n"] == verified
