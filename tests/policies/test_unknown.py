"""What nobody knows of a pool is told, not guessed: confidences, lengths, steps, comparisons."""

import json

import pytest
from typer.testing import CliRunner

from ttc.analysis.simulate import SimulationConfig
from ttc.cli._app import app
from ttc.errors import DataError
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.evaluate import Evaluation, evaluate_run
from ttc.policies.best_of_n import BestOfN
from ttc.policies.softmax_majority import SoftmaxMajority
from ttc.policies.weighted_majority import WeightedMajority
from ttc.store.simulated import simulate_run

CONFIG = SimulationConfig(problems=4, solutions=4, verified_solutions=4, verifications=2)


def test_policies_that_read_what_is_not_there_have_no_row(tmp_path):
    run = simulate_run(CONFIG, 1, tmp_path / "sim")
    policies = (
        SoftmaxMajority(by="confidence"),
        BestOfN(aggregate="last"),
        WeightedMajority(by="raw"),
        WeightedMajority(),
    )
    found = evaluate_run(run, run.manifest(), Evaluation(policies=policies))
    assert {row["policy"] for row in found.rows} == {"weighted_majority"}
    with pytest.raises(DataError, match=r"knockout can't be evaluated .* it reads pairs, which"):
        answer(run, CurveRequest(policies=("knockout",)))


def test_imported_solutions_of_unknown_length_have_no_shortest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        {"problem_id": f"p{i}", "answer": "7", "solutions": [{"answer": "7"}, {"answer": "8"}]}
        for i in range(3)
    ]
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = CliRunner().invoke
    assert run(app, ["import", "pool.jsonl"]).exit_code == 0
    done = run(app, ["curves", "pool", "--policy", "shortest_majority", "--k", "2"])
    assert "it reads tokens, which nothing there gives" in str(done.exception)
