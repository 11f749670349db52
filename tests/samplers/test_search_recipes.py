"""The shipped recipes of step searches, at a tiny size, and what they say beforehand."""

import pytest

from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

NAMES = ("beam", "dvts", "particle", "particle_gibbs")


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_within_what_it_says_beforehand(tmp_path, name):
    recipe = load_recipe(f"samplers/{name}", ["dataset.problems=3", f"results={tmp_path}"])
    outcome = run_recipe(recipe)
    samples = read_frame(outcome.run.table("samples"), "samples")
    by_role = samples.groupby(["problem_id", "role"], observed=True).size().groupby("role").max()
    most = recipe.sampler.most_samples()
    assert all(by_role[role] <= most[role] for role in by_role.index)
    assert outcome.manifest.status == "complete"
    solutions = read_frame(outcome.run.solutions, "solutions")
    returned = solutions[solutions["returned"]].groupby("problem_id", observed=True).size()
    assert returned.max() <= recipe.sampler.most_solutions()
    curve = read_frame(outcome.run.curves, "curves")
    assert set(curve["policy"]) == {"answer"}
    assert len(curve) > 5


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_vote_is_another_answer_of_the_same_search(tmp_path, name):
    small = ["dataset.problems=6", f"results={tmp_path}"]
    best, vote = (
        run_recipe(load_recipe(f"samplers/{name}", [*small, f"sampler.choose={choose}"]))
        for choose in ("best", "vote")
    )
    texts = [
        read_frame(one.run.solutions, "solutions").query("returned")["text"].tolist()
        for one in (best, vote)
    ]
    assert texts[0] == texts[1]
