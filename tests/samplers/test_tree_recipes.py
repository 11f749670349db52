"""The shipped recipes of tree searches and speculation, at a tiny size."""

import pytest

from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mcts", "ab_mcts", "speculate", "speculate_oracle"])
def test_it_answers_and_has_a_measured_curve(tmp_path, name):
    recipe = load_recipe(f"samplers/{name}", ["dataset.problems=2", f"results={tmp_path}"])
    outcome = run_recipe(recipe)
    assert outcome.manifest.status == "complete"
    answers = read_frame(outcome.run.table("answers"), "answers")
    assert answers[answers["final"]]["problem_id"].nunique() == 2
    samples = read_frame(outcome.run.table("samples"), "samples")
    by_role = samples.groupby(["problem_id", "role"], observed=True).size().groupby("role").max()
    most = recipe.sampler.most_samples() or {}
    assert all(by_role[role] <= most.get(role, by_role[role]) for role in by_role.index)
    assert set(read_frame(outcome.run.curves, "curves")["policy"]) == {"answer"}
