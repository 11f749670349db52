"""What verifications cost that share work: of one alone, and where solutions are copies."""

import json

import pytest

from ttc.pipeline.costs import unit_costs
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.pool import load_pool
from ttc.store.tables import read_frame

SMALL = ("dataset.problems=6", "sampler.solutions=4")


def costs(name, tmp_path, *changes, verifier=None):
    outcome = run_recipe(load_recipe(name, (*SMALL, f"results={tmp_path}", *changes)))
    loaded = load_pool(outcome.run, verifier)
    wanted = Evaluation.of_manifest(outcome.manifest)
    return unit_costs(loaded, wanted.cost, outcome.manifest), outcome.run


def test_a_reading_costs_its_text_also_where_another_solution_has_the_same(tmp_path):
    found, run = costs("verifiers/prm", tmp_path, "sampler.temperature=0")
    read = read_frame(run.verifications, "verifications")["prompt_tokens"].mean()
    assert found.cell(1, 1)["tokens"] - found.cell(1, 0)["tokens"] == pytest.approx(read)
    paid = read_frame(run.table("samples"), "samples")
    paid = paid[paid["verifier"] == "prm"]
    assert (paid["prompt_tokens"] - paid["cached_tokens"]).sum() < paid["prompt_tokens"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["opv", "genprm"])
def test_one_verification_of_several_costs_what_a_run_with_one_pays(name, tmp_path):
    alone, single = costs(f"verifiers/{name}", tmp_path, *depth(name, 1), verifier=name)
    several, _ = costs(f"verifiers/{name}", tmp_path, *depth(name, 4), verifier=name)
    samples = read_frame(single.table("samples"), "samples")
    calls = (samples["verifier"] == name).sum() / 24
    said, right = several.cell(1, 1), alone.cell(1, 1)
    assert right["calls"] - 1 == pytest.approx(calls)
    # Other chains than the first are a little longer or shorter.
    assert said["calls"] == pytest.approx(right["calls"], rel=0.15)
    assert said["tokens"] == pytest.approx(right["tokens"], rel=0.15)


def depth(name, verifications):
    (one,) = [v for v in load_recipe(f"verifiers/{name}").verifiers if v.label == name]
    changed = one.model_copy(update={"verifications": verifications}).model_dump(mode="json")
    return (f"verifiers={json.dumps([changed])}",)


def test_what_an_ensemble_asked_its_part_costs_something(tmp_path):
    found, _ = costs("verifiers/ensemble", tmp_path, verifier="prm")
    assert found.cell(1, 1)["tokens"] > found.cell(1, 0)["tokens"]
