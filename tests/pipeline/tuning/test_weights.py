"""Weights of verifiers whose skill is planted: with labels, and from their agreement alone."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.errors import DataError, UsageError
from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.tuning.file import read_tuned
from ttc.pipeline.tuning.request import TuneRequest
from ttc.pipeline.tuning.tune import tune
from ttc.pipeline.tuning.use import ensemble
from ttc.recipe import parse_recipe
from ttc.store.run_folder import find_run

SKILL = {"sharp": (0.9, 0.1), "kind": (0.9, 0.4), "fair": (0.7, 0.3), "coin": (0.5, 0.5)}
"""P(yes) of a right and of a wrong solution."""


def pool(problems=60, solutions=8, skill=SKILL, seed=0):
    rng = np.random.default_rng(seed)
    for i in range(problems):
        right = rng.random(solutions) < 0.4
        rows = []
        for good in right.tolist():
            judged = [
                {"verifier": name, "score": float(rng.random() < (yes if good else no))}
                for name, (yes, no) in skill.items()
            ]
            answer = "7" if good else str(rng.integers(8, 12))
            rows.append({"answer": answer, "verifications": judged})
        yield {"problem_id": f"p{i}", "question": f"{i}?", "answer": "7", "solutions": rows}


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """judged(**pool) is an imported run."""
    monkeypatch.chdir(tmp_path)

    def made(**given):
        lines = "".join(json.dumps(row) + "\n" for row in pool(**given))
        (tmp_path / "pool.jsonl").write_text(lines)
        done = CliRunner().invoke(app, ["import", "pool.jsonl", "--to", "results/pool"])
        assert done.exit_code == 0, done.output
        return find_run("pool", tmp_path / "results")

    return made


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logistic", "agreement"])
def test_skill_is_weighed(judged, method):
    run = judged(problems=240)
    tuned, _ = tune(run, TuneRequest(weights=(method,), share=0.5))
    (found,) = tuned.weights
    assert found.weights["sharp"] > found.weights["fair"] > abs(found.weights["coin"])
    planted = 2 * np.log(9)  # log(.9 / .1) - log(.1 / .9)
    assert found.weights["sharp"] == pytest.approx(planted, abs=1.0)
    assert found.mean_weights["sharp"] > 0.45
    assert sum(found.mean_weights.values()) == pytest.approx(1.0)
    assert found.auc["weighted"] > max(found.auc[name] for name in ("mean", *SKILL))
    assert found.solutions == 120 * 8
    if method == "agreement":
        for kind, truth in (("sensitivity", 0), ("specificity", 1)):
            for name, rates in SKILL.items():
                told = rates[0] if truth == 0 else 1 - rates[1]
                assert found.details[kind][name] == pytest.approx(told, abs=0.1)
        assert found.details["prior"] == pytest.approx(0.4, abs=0.12)


def test_agreement_looks_at_no_label(judged):
    """The same weights though every label of the tuning problems is turned round."""
    run = judged()
    before = tune(run, TuneRequest(weights=("agreement",)))[0].weights[0]
    import pandas as pd

    table = pd.read_parquet(run.solutions)
    table["correct"] = ~table["correct"]
    table.to_parquet(run.solutions)
    after = tune(run, TuneRequest(weights=("agreement",)))[0].weights[0]
    assert after.weights == before.weights
    assert after.auc != before.auc


def test_verifiers_by_name_and_what_can_not_be_learnt(judged):
    run = judged(problems=12)
    two = tune(run, TuneRequest(weights=("logistic",), verifier="sharp,coin"))[0].weights[0]
    assert set(two.weights) == {"sharp", "coin"}
    with pytest.raises(DataError, match="agreement of 2 judges can't tell which of them errs"):
        tune(run, TuneRequest(weights=("agreement",), verifier="sharp,coin"))
    with pytest.raises(UsageError, match="no verifier 'nobody'; it has sharp, kind, fair, coin"):
        tune(run, TuneRequest(weights=("logistic",), verifier="sharp,nobody"))


def test_the_weights_stand_in_a_recipe_and_their_problems_are_known_there(judged):
    run = judged(problems=20)
    tuned, _ = tune(run, TuneRequest(weights=("logistic",)))
    file = run.path / "tuned.json"
    inner = ", ".join(f"{{type: genrm, name: {name}, prompt: nano-genrm}}" for name in SKILL)
    pasted = ensemble(tuned, 0, file)
    recipe = parse_recipe(
        f"name: x\ndataset: nano\nverifiers: [{{type: ensemble, verifiers: [{inner}], {pasted}}}]"
    )
    (verifier,) = recipe.verifiers
    assert verifier.weights == pytest.approx(tuned.weights[0].weights, abs=1e-3)
    assert verifier.combine == "logistic"
    assert Evaluation.of_recipe(recipe).tuned == ((verifier.label, str(file)),)
    shown = CliRunner().invoke(app, ["tune", "pool", "--weights", "logistic"])
    assert "in a recipe's ensemble: combine: logistic" in shown.stdout
    assert read_tuned(file).weights[0].method == "logistic"


def test_a_policy_tuned_with_one_verifier_is_reported_with_that_one(judged):
    run = judged(problems=40)
    grid = {"alpha": [0, 3]}
    tuned, _ = tune(run, TuneRequest(policies=("pessimistic",), grid=grid, share=0.5))
    assert [one.verifier for one in tuned.policies] == list(SKILL)
    rows = answer(run, CurveRequest(solutions=(8,), tuned=run.path)).rows
    meant = {(one.label, one.verifier) for one in tuned.policies if one.label != one.before}
    assert meant
    labels = {label for label, _ in meant}
    found = {(r["policy"], r["verifier"]) for r in rows if r["policy"] in labels}
    assert found == meant
