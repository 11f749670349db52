"""Several verifiers as one: how scores are combined, and what that costs."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from ttc.pipeline.costs import unit_costs
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
from ttc.pipeline.run import run_recipe
from ttc.pipeline.tuning.request import TuneRequest
from ttc.pipeline.tuning.tune import tune
from ttc.recipe import load_recipe
from ttc.store.pool import all_verifiers, load_pool, verifiers
from ttc.store.tables import read_frame
from ttc.verifiers.ensemble import Ensemble
from ttc.verifiers.genrm import GenRM

A, B = GenRM(name="a"), GenRM(name="b")


def made(**settings):
    return Ensemble(verifiers=(A, B), **settings)


def test_a_mean_is_of_the_scores_that_there_are():
    assert made().score({"a": 0.2, "b": 0.6}) == pytest.approx(0.4)
    weighted = made(weights={"a": 3, "b": 1})
    assert weighted.score({"a": 0.2, "b": 0.6}) == pytest.approx(0.3)
    assert weighted.score({"b": 0.6}) == pytest.approx(0.6)
    assert weighted.score({}) is None
    assert made(weights={"a": 0, "b": 1}).score({"a": 0.9}) is None


def test_a_logistic_combination_takes_a_missing_score_for_one_half():
    odds = made(combine="logistic", weights={"a": 4, "b": -2}, intercept=-1)
    assert odds.score({"a": 1.0, "b": 0.5}) == pytest.approx(1 / (1 + math.exp(-2)))
    assert odds.score({"a": 1.0}) == odds.score({"a": 1.0, "b": 0.5})
    assert odds.score({}) is None
    assert made(combine="logistic", weights={"a": -5000, "b": 0}).score({"a": 1.0}) == 0.0


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"weights": {"a": 1}}, "weights must name each of a, b"),
        ({"weights": {"a": 1, "b": 1, "c": 1}}, "and nothing else"),
        ({"weights": {"a": -1, "b": 2}}, "must be positive or 0"),
        ({"weights": {"a": 0, "b": 0}}, "not all 0"),
        ({"weights": {"a": math.nan, "b": 1}}, "finite"),
        ({"intercept": 1}, "combine: logistic"),
    ],
)
def test_weights_that_mean_nothing_are_refused(settings, why):
    with pytest.raises(ValidationError, match=why):
        made(**settings)


def test_two_of_one_name_are_refused():
    with pytest.raises(ValidationError, match="name' of its own"):
        Ensemble(verifiers=(A, GenRM(name="a")))
    with pytest.raises(ValidationError, match="at least 2"):
        Ensemble(verifiers=(A,))


def test_on_the_embedded_models(tmp_path):
    changes = ("dataset.problems=3", "sampler.solutions=4", f"results={tmp_path}")
    outcome = run_recipe(load_recipe("verifiers/ensemble", changes))
    run = outcome.run
    assert verifiers(run) == ["ensemble"], "policies read the whole, not its parts"
    frame = read_frame(run.verifications, "verifications")
    parts = frame[frame["verifier"] != "ensemble"]
    keys = ["problem_id", "solution_index"]
    means = parts.groupby([*keys, "verifier"], observed=True)["score"].mean()
    expected = means.groupby(keys, observed=True).mean()
    whole = frame[frame["verifier"] == "ensemble"].set_index(keys)["score"]
    for place, score in whole.items():
        assert score == pytest.approx(expected[place])
    # All that its parts used is what it costs, as if no two solutions had the same text.
    loaded = load_pool(run)
    samples = read_frame(run.table("samples"), "samples")
    own = samples[samples["verifier"] == "ensemble"]
    each = loaded.judging.each
    assert each["calls"].sum() * 4 == pytest.approx(len(own))
    assert each["completion_tokens"].sum() * 4 == own["completion_tokens"].sum()
    solutions = read_frame(run.solutions, "solutions")
    copies = solutions.duplicated(["problem_id", "text"]).any()
    assert copies == (each["flops"].sum() * 4 > own["flops"].sum() * (1 + 1e-9))
    cost = unit_costs(loaded, Evaluation.of_manifest(outcome.manifest).cost, outcome.manifest)
    assert math.isnan(cost.verification["usd"]), "nobody knows what the embedded models cost"
    assert not np.nan_to_num([*cost.per_verified.values()]).any()
    roles = outcome.manifest.ledger["roles"]
    judged = sum(amounts["flops"] for role, amounts in roles.items() if role != "solver")
    assert own["flops"].sum() == pytest.approx(judged)


def test_its_parts_are_judged_and_weighed_beside_it(tmp_path):
    changes = ("dataset.problems=12", "sampler.solutions=4", f"results={tmp_path}")
    run = run_recipe(load_recipe("verifiers/ensemble", changes)).run
    assert set(all_verifiers(run)) == {"genrm", "prm", "ensemble"}
    judging = judge_run(run, JudgingRequest())
    assert {one.verifier for one in judging.each} == {"genrm", "prm", "ensemble"}
    assert {one.verifier for one in judging.alone} == {"genrm", "prm"}
    assert 1 <= judging.together.by_mean <= 2, "two verifiers, not independent"
    tuned, _ = tune(run, TuneRequest(problems=8, weights=("logistic",)))
    (learned,) = tuned.weights
    assert set(learned.weights) == {"genrm", "prm"}


def test_a_budget_leaves_no_solution_with_a_part_of_its_judges(tmp_path):
    changes = ("dataset.problems=4", "sampler.solutions=8", f"results={tmp_path}")
    run = run_recipe(
        load_recipe("verifiers/ensemble", (*changes, "budget.per_problem.tokens=1200"))
    ).run
    frame = read_frame(run.verifications, "verifications")
    keys = ["problem_id", "solution_index"]
    by = {
        name: set(map(tuple, frame.loc[frame["verifier"] == name, keys].to_numpy()))
        for name in ("ensemble", "genrm", "prm")
    }
    assert by["ensemble"]
    assert by["ensemble"] == by["genrm"] & by["prm"]
    assert len(by["ensemble"]) < 4 * 8
