"""What can't be evaluated or imported is one sentence and an exit code; what can be, is."""

import json
import os
import sys

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from ttc.analysis.simulate import SimulationConfig
from ttc.cli import main
from ttc.store.run_folder import find_run
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=4, solutions=6, verified_solutions=3, verifications=2)


@pytest.fixture
def ttc(tmp_path, monkeypatch, capsys):
    """Run the command line in this process: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["ttc", *words])
            patch.setattr(sys, "stdout", sys.stdout)  # main wraps them; put them back
            patch.setattr(sys, "stderr", sys.stderr)
            with pytest.raises(SystemExit) as left:
                main()
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return call


@pytest.fixture
def run(tmp_path):
    return simulate_run(CONFIG, 1, tmp_path / "results" / "sim")


def refused(answer, *said):
    code, out, err = answer
    assert code == 1, err
    assert not out
    assert err.startswith("Error: ")
    assert err.count("\n") == 1
    assert "fault of ttc" not in err
    for text in said:
        assert text in err


def rows(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def edit(path, change):
    pq.write_table(change(pq.read_table(path)), path)


def with_column(name, values):
    """A change of a table: the column holds `values` of the table's length instead."""

    def change(table):
        made = pa.array(values(len(table)))
        return table.set_column(table.column_names.index(name), name, made)

    return change


NEEDED = {
    "problems": ["problem_id", "problem_index", "n_solutions"],
    "solutions": ["problem_id", "solution_index", "answer_class", "correct", "completion_tokens"],
    "verifications": ["problem_id", "solution_index", "verification_index", "verifier", "score"],
}


@pytest.mark.parametrize(
    ("table", "column"), [(t, c) for t, names in NEEDED.items() for c in names]
)
def test_missing_columns(ttc, run, table, column):
    path = getattr(run, table)
    edit(path, lambda content: content.drop_columns([column]))
    refused(ttc("curves", "sim"), f"{table}.parquet lacks the column {column}")


@pytest.mark.parametrize(
    ("table", "column", "values", "said"),
    [
        ("solutions", "answer_class", lambda n: ["x"] * n, "as string, where whole numbers"),
        ("solutions", "answer_class", lambda n: [-7] * n, "-1 is invalid"),
        ("solutions", "correct", lambda n: [0.3] * n, "as double, where true or false"),
        ("solutions", "solution_index", lambda n: [0.5] * n, "solution_index that is no whole"),
        ("solutions", "problem_id", lambda n: ["other"] * n, "problems table lacks: 'other'"),
        ("verifications", "score", lambda n: ["x"] * n, "as string, where numbers were"),
        ("verifications", "score", lambda n: [7.0] * n, "must lie in [0, 1]"),
        ("verifications", "solution_index", lambda n: [9] * n, "not among the solutions"),
        ("problems", "problem_index", lambda n: pa.nulls(n), "an empty problem_index"),
        ("problems", "problem_id", lambda n: pa.nulls(n, pa.string()), "an empty problem_id"),
        ("problems", "problem_id", lambda n: ["same"] * n, "has a problem twice"),
        ("problems", "problem_id", lambda n: list(range(n)), "as int64, where text was"),
    ],
)
def test_columns_of_the_wrong_kind(ttc, run, table, column, values, said):
    edit(getattr(run, table), with_column(column, values))
    refused(ttc("curves", "sim"), "results/sim/", said)


def test_whole_numbers_kept_as_fractions_will_do(ttc, run):
    before = rows(ttc("curves", "sim", "--json"))
    for name in ("answer_class", "solution_index"):
        edit(run.solutions, lambda t, c=name: t.set_column(
            t.column_names.index(c), c, t[c].cast(pa.float64())
        ))  # fmt: skip
    assert rows(ttc("curves", "sim", "--json")) == before


@pytest.mark.parametrize("table", ["problems", "solutions", "verifications"])
@pytest.mark.parametrize("damage", ["empty", "absent", "no bytes", "cut", "garbled"])
def test_empty_and_damaged_tables(ttc, run, table, damage):
    path = getattr(run, table)
    content = path.read_bytes()
    if damage == "empty":
        edit(path, lambda content: content.slice(0, 0))
        refused(ttc("curves", "sim"), f" {table}")
        return
    path.unlink()
    if damage == "no bytes":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "garbled":
        path.write_bytes(content[:8] + os.urandom(len(content) // 2) + content[len(content) // 2 :])
    refused(ttc("curves", "sim"), f"{table}.parquet")


def test_empty_runs_and_folders(ttc, run, tmp_path):
    for path in (run.problems, run.solutions, run.verifications):
        path.unlink()
    refused(ttc("curves", "sim"), "has no problems table")
    run.manifest_path.unlink()
    refused(ttc("curves", "sim"), "no run 'sim'")
    (tmp_path / "results" / "other").mkdir()
    refused(ttc("curves", "other"), "no run 'other'")


def test_one_verification_each_is_a_curve_of_one(ttc, run):
    edit(run.verifications, lambda t: t.filter(pc.equal(t["verification_index"], 0)))
    found = rows(ttc("curves", "sim", "--policy", "best_of_n", "--json"))
    assert {row["V"] for row in found} == {1}
    refused(ttc("curves", "sim", "--verifications", "2"), "V = 2 is beyond the pool", "at most 1")


def test_one_verification_in_all_is_about_one_problem(ttc, run):
    edit(run.verifications, lambda t: t.slice(0, 1))
    code, out, err = ttc("curves", "sim")
    assert code == 0, err
    assert "1 of 4 problems are evaluated" in out
    found = rows(ttc("curves", "sim", "--policy", "best_of_n", "--json"))
    assert [(row["S"], row["V"], row["ci_low"]) for row in found] == [(1, 1, None)]
    words = ["--policy", "best_of_n", "--k", "2"]
    refused(ttc("curves", "sim", *words), "S = 2 is beyond the pool", "only 1 verified solution")


def test_a_problem_without_a_valid_answer_counts_as_failed(ttc, run):
    words = ["--policy", "majority", "--k", "4"]
    before = rows(ttc("curves", "sim", "--json", *words))[0]["success"]
    table = pq.read_table(run.solutions).to_pandas()
    mine = (table["problem_id"] == "simulated-0").to_numpy()
    alone = CONFIG.problems * before - _majority_without(run, "simulated-0")
    table.loc[mine, "answer_class"] = -1
    table.loc[mine, "correct"] = False
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), run.solutions)
    after = rows(ttc("curves", "sim", "--json", *words))[0]["success"]
    assert after == pytest.approx(before - alone / CONFIG.problems)
    code, out, _ = ttc("curves", "sim", *words)
    assert code == 0
    assert "1 have no solution with a valid answer and count as failed: simulated-0" in out


def _majority_without(run, problem):
    """Summed maj@4 of the other problems."""
    from ttc.analysis import maj_at_k
    from ttc.store.pool import load_pool

    pool = load_pool(run).arrays
    rest = np.array([name != problem for name in pool.problem_ids])
    rng = np.random.default_rng(0)
    return maj_at_k(pool.answer_class[rest], pool.correct[rest], [4], rng).value.sum()


def test_no_valid_answer_at_all(ttc, run):
    edit(run.solutions, with_column("answer_class", lambda n: np.full(n, -1, np.int32)))
    edit(run.solutions, with_column("correct", lambda n: np.zeros(n, np.bool_)))
    refused(ttc("curves", "sim"), "no solution of sim/", "has a valid answer")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--k", "7"], "S = 7 is beyond the pool"),
        (["--k", "2,7"], "some problem has only 6 solutions"),
        (["--policy", "pessimistic", "--k", "4"], "only 3 verified solutions"),
        (["--verifications", "3"], "V = 3 is beyond the pool"),
    ],
)
def test_sizes_beyond_the_pool(ttc, run, words, said):
    refused(ttc("curves", "sim", *words), said)


SOLUTIONS = "problem_id,gold_answer,text\na,1,so 1\na,1,so 2\nb,2,so 2\n"


@pytest.mark.parametrize(
    ("solutions", "checks", "said"),
    [
        ("", None, "sols.csv"),
        ("problem_id,gold_answer,text\n", None, "sols.csv: no rows"),
        ("gold_answer,text\n1,so 1\n", None, "problem_id"),
        ("problem_id,text\na,so 1\n", None, "neither an answer nor labelled solutions"),
        ("problem_id,gold_answer\na,1\n", None, "text"),
        (SOLUTIONS, "problem_id,verdict\na,yes\n", "solution_index"),
        (SOLUTIONS, "problem_id,solution_index\na,0\n", "verdict"),
        (SOLUTIONS, "problem_id,solution_index,verdict\nz,0,yes\n", "'z'"),
        (SOLUTIONS, "problem_id,solution_index,verdict\na,5,yes\n", "5"),
    ],
)
def test_tables_that_can_not_be_imported(ttc, tmp_path, solutions, checks, said):
    (tmp_path / "sols.csv").write_text(solutions)
    words = []
    if checks is not None:
        (tmp_path / "checks.csv").write_text(checks)
        words = ["--verifications", "checks.csv"]
    refused(ttc("import", "sols.csv", *words, "--answers", "numeric", "--to", "results/x"), said)
    assert not (tmp_path / "results" / "x").exists()


def test_folders_that_can_not_be_imported(ttc, tmp_path):
    (tmp_path / "bare").mkdir()
    refused(ttc("import", "bare"), "bare")
    (tmp_path / "bare" / "notes.txt").write_text("no samples")
    refused(ttc("import", "bare"), "bare")
    assert not (tmp_path / "results").exists()


def test_one_verification_and_a_problem_without_an_answer_are_imported(ttc, tmp_path):
    problems = [
        {
            "problem_id": "a",
            "answer": "7",
            "solutions": [
                {"text": "\\boxed{7}", "verifications": [{"verdict": True}]},
                "\\boxed{8}",
            ],
        },
        {"problem_id": "b", "answer": "3", "solutions": ["no idea", "none"]},
    ]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(p) + "\n" for p in problems))
    code, out, err = ttc("import", "mine.jsonl")
    assert code == 0, err
    assert "1 problems have no solution verified by imported" in out
    assert find_run("mine", tmp_path / "results").curves.is_file()
    found = rows(ttc("curves", "mine", "--policy", "majority", "--all-problems", "--json"))
    assert {row["S"]: row["success"] for row in found} == {1: 0.25, 2: 0.25}
    judged = rows(ttc("curves", "mine", "--policy", "best_of_n", "--json"))
    assert [(row["S"], row["V"], row["success"]) for row in judged] == [(1, 1, 0.5)]
