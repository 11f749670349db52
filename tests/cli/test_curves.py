"""`ttc curves` from the shell: tables, JSON, cells that the table lacks, and refusals."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from processes import ttc

from ttc.analysis.passk import coverage
from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.evaluate import write_curves
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_table, write_table

CONFIG = SimulationConfig(problems=6, solutions=12, verified_solutions=5, verifications=3)


@pytest.fixture
def run(tmp_path):
    return simulate_run(CONFIG, 1, tmp_path / "results" / "sim")


def rows(tmp_path, *words):
    done = ttc(tmp_path, "curves", "sim", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_any_k_and_v_of_the_pool(run, tmp_path):
    found = rows(tmp_path, "--policy", "coverage", "--k", "3,7", "--k", "12")
    pool = load_pool(run).arrays
    expected = coverage(pool.correct.sum(axis=1), pool.n_solutions, [3, 7, 12])
    assert [row["S"] for row in found] == [3, 7, 12]
    np.testing.assert_allclose([row["success"] for row in found], expected)
    assert {row["policy"] for row in found} == {"oracle"}
    assert {row["estimator"] for row in found} == {"exact"}
    voted = rows(tmp_path, "--policy", "weighted_majority", "--k", "3", "--verifications", "2")
    assert [(row["S"], row["V"], row["estimator"]) for row in voted] == [(3, 2, "monte_carlo")]
    assert 0 < voted[0]["mc_standard_error"] < 0.05
    assert voted[0]["ci_low"] <= voted[0]["success"] <= voted[0]["ci_high"]
    assert not run.curves.exists()


def test_every_unit_and_lambda(run, tmp_path):
    words = ["--policy", "best_of_n", "--k", "4", "--verifications", "3", "--lambda", "2"]
    (row,) = rows(tmp_path, *words, "--set", "cost.parameters=1e9")
    assert row["cost_c"] == 4 * (1 + 2 * 3)
    assert row["flops"] == pytest.approx(2e9 * row["tokens"])
    assert row["usd"] is None
    assert row["seconds"] is None
    assert row["calls"] == 4 + 4 * 3
    units = "c,tokens,flops,usd,calls,seconds"
    shown = ttc(tmp_path, "curves", "sim", *words, "--unit", units).stdout
    for word in ("C ", "tokens", "FLOPs", "USD", "calls", "seconds", "exact", "configured: 2"):
        assert word in shown


def test_what_the_table_has_is_taken_from_it(run):
    manifest = run.manifest()
    write_curves(None, run, manifest)
    manifest.write(run.manifest_path)
    whole = answer(run, CurveRequest())
    assert not whole.recomputed
    assert len(whole.rows) == read_table(run.curves, "curves").num_rows
    part = answer(run, CurveRequest(policies=("majority", "best_of_n"), solutions=(4,)))
    assert not part.recomputed
    assert {(row["policy"], row["S"]) for row in part.rows} == {("majority", 4), ("best_of_n", 4)}
    fresh = answer(run, CurveRequest(policies=("majority", "best_of_n"), solutions=(3, 4)))
    assert fresh.recomputed
    again = {(r["policy"], r["V"]): r["success"] for r in fresh.rows if r["S"] == 4}
    assert again == {(r["policy"], r["V"]): r["success"] for r in part.rows}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--k", "13"], 1, "S = 13 is beyond the pool of sim/"),
        (["--policy", "best_of_n", "--k", "6"], 1, "has only 5 verified solutions"),
        (["--verifications", "4"], 1, "V = 4 is beyond the pool"),
        (["--policy", "majority", "--verifications", "2"], 2, "majority: reads no verifications"),
        (["--policy", "majorty"], 2, "no policy 'majorty'; did you mean 'majority'?"),
        (["--k", "0"], 2, "--k 0: expected a whole number from 1"),
        (["--k", ","], 2, "--k: expected whole numbers"),
        (["--unit", "eur"], 2, "--unit eur: choose of c, tokens"),
        (["--verifier", "genrm"], 1, "has no verifier 'genrm'; it has simulated"),
        (["--set", "cost.lamda=1"], 2, "cost.lamda: unknown key; did you mean 'lambda'?"),
        (["--set", "cost.flops=detailed"], 2, "does not state its shape; give cost.card"),
    ],
)
def test_what_a_pool_can_not_answer_is_one_sentence(run, tmp_path, words, code, said):
    refused(ttc(tmp_path, "curves", "sim", *words), code, said)


def refused(done, code, said):
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout


def test_broken_runs_are_one_sentence(tmp_path):
    refused(ttc(tmp_path, "curves", "sim"), 1, "no run 'sim'")
    run = simulate_run(CONFIG, 2, tmp_path / "results" / "sim")
    solutions = pq.read_table(run.solutions)
    silent = solutions.to_pylist()
    write_table(
        run.solutions, "solutions", [r | {"answer_class": -1, "correct": False} for r in silent]
    )
    refused(ttc(tmp_path, "curves", "sim"), 1, "no solution of sim/")
    pq.write_table(solutions.drop_columns(["correct"]), run.solutions)
    refused(ttc(tmp_path, "curves", "sim"), 1, "lacks the column correct")
    write_table(run.solutions, "solutions", [])
    refused(ttc(tmp_path, "curves", "sim"), 1, "has no solutions")
    write_table(run.problems, "problems", [])
    refused(ttc(tmp_path, "curves", "sim"), 1, "has no problems")
    run.verifications.write_bytes(b"no parquet")
    refused(ttc(tmp_path, "curves", "sim"), 1, "is no readable parquet file")


def test_a_run_without_verifications(tmp_path):
    simulate_run(CONFIG.model_copy(update={"verifications": 0}), 3, tmp_path / "results" / "sim")
    policies = {row["policy"] for row in rows(tmp_path)}
    assert policies == {"first", "majority", "oracle"}
    done = ttc(tmp_path, "curves", "sim", "--policy", "best_of_n")
    refused(done, 1, "has no verifications, which best_of_n needs")


@pytest.mark.slow
def test_no_text_is_needed_or_read(run, tmp_path):
    before = rows(tmp_path, "--k", "3")
    texts = {
        run.problems: ["question", "choices", "gold_answer", "metadata"],
        run.solutions: ["text", "steps", "answer", "finish_reason"],
        run.verifications: ["text", "step_scores", "finish_reason"],
    }
    for path, columns in texts.items():
        pq.write_table(pq.read_table(path).drop_columns(columns), path)
    assert rows(tmp_path, "--k", "3") == before
    done = ttc(tmp_path, "fit-scaling", "sim", "--json", "--draws", "20")
    assert done.returncode == 0, done.stderr


def first_is_right(tmp_path):
    """Two solutions a problem, right and wrong; of four verifications only the first is right.

    The last one of each could not be read.
    """
    judged = {"1": [1.0, 0.0, 0.0, None], "2": [0.0, 1.0, 1.0, None]}
    solutions = [
        {"text": "", "answer": a, "verifications": [{"score": s, "text": "?"} for s in scores]}
        for a, scores in judged.items()
    ]
    row = {"question": "?", "answer": "1", "solutions": solutions}
    source = tmp_path / "sim.jsonl"
    source.write_text("".join(json.dumps({"problem_id": p, **row}) + "\n" for p in "abc"))
    done = ttc(tmp_path, "import", str(source), "--answers", "string")
    assert done.returncode == 0, done.stderr


def test_the_first_verifications_instead_of_random_ones(tmp_path):
    """V = 1: always the right verdict; at random it wins if it is drawn, or shares a tie."""
    first_is_right(tmp_path)
    words = ["--policy", "best_of_n", "--k", "2", "--verifications", "1,2,3"]
    found = rows(tmp_path, *words, "--verification-draws", "first")
    assert [row["success"] for row in found] == [1.0, 0.5, 0.0]
    # One of 4 of each: scores are 1, 0, 0, 0 against 0, 1, 1, 0, an unreadable one counting 0.
    at_random = rows(tmp_path, *words)[0]["success"]
    assert at_random == pytest.approx((2 + 0.5 * (2 + 3 * 2)) / 16)
    half = rows(tmp_path, *words, "--invalid-verdict", "half")[0]["success"]
    assert half == pytest.approx((3 + 2 * 0.5 + 1.5) / 16)  # 1, 0, 0, 1/2 against 0, 1, 1, 1/2
    shown = ttc(tmp_path, "curves", "sim", *words, "--verification-draws", "first").stdout
    assert "the first verifications of each solution" in shown
    done = ttc(tmp_path, "curves", "sim", "--verification-draws", "last")
    refused(done, 2, "choose of random, first")
