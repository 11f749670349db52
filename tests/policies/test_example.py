"""The example run, whose tables older versions wrote, evaluated anew: the same figures."""

from pathlib import Path

import numpy as np
import pytest

from ttc.pipeline.curve_query import CurveRequest, answer
from ttc.pipeline.evaluate import Evaluation, evaluate_run
from ttc.recipe import load_recipe, run_id
from ttc.store.run_folder import find_run
from ttc.store.tables import read_frame

RESULTS = Path(__file__).parents[2] / "results/examples"
SAME = ["policy", "verifier", "S", "V", "cost_c", "tokens", "flops", "calls", "estimator"]


@pytest.fixture(scope="module")
def run():
    return find_run("sc_vs_genrm", RESULTS)


@pytest.mark.slow
def test_every_figure_is_the_one_in_the_table(run):
    manifest = run.manifest()
    said = manifest.model_dump_json()
    found = evaluate_run(run, manifest, Evaluation.of_manifest(manifest))
    assert manifest.model_dump_json() == said, "it only reads the manifest"
    assert found.facts == manifest.evaluation
    assert found.choices["lambda_by_verifier"] == manifest.choices.lambda_by_verifier
    rows = found.rows
    before = read_frame(run.curves, "curves").astype(object)
    before = before.where(before.notna(), None)
    for name in SAME:
        assert [row[name] for row in rows] == before[name].tolist(), name
    for name in ("success", "mc_standard_error"):
        np.testing.assert_allclose([row[name] for row in rows], before[name].astype(float), 1e-12)


def test_tables_without_later_columns_are_read(run):
    said = answer(run, CurveRequest(policies=("majority",)))
    assert not said.recomputed
    assert {row["cost_p10"] for row in said.rows} == {None}


def test_recipes_have_the_run_ids_that_they_had(run):
    assert run_id(load_recipe("sc_vs_genrm")) == run.run_id
