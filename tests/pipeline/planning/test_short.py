"""Of a budget nothing is said at the start but what is known: by lengths, or a lower bound."""

import pytest

from ttc.pipeline.planning.short import short_budgets
from ttc.pipeline.run import load_problems, run_recipe
from ttc.recipe import load_recipe

SMALL = ("dataset.problems=4", "sampler.solutions=4", "verifiers.0.verifications=2")


def quickstart(folder, *overrides):
    return load_recipe("quickstart", [f"results={folder / 'results'}", *overrides])


def said(recipe):
    return short_budgets(recipe, load_problems(recipe))


@pytest.fixture
def earlier(tmp_path):
    run_recipe(quickstart(tmp_path, *SMALL, "budget={}"))
    return tmp_path


def test_that_samples_might_be_long_is_no_warning(tmp_path):
    assert said(quickstart(tmp_path)) == []
    assert said(quickstart(tmp_path, "name=hot", "sampler.temperature=1.2")) == []


def test_what_surely_ends_it_early_is_told_without_any_run(tmp_path):
    (told,) = said(quickstart(tmp_path, "budget.per_problem.tokens=200"))
    assert told.startswith("budget.per_problem.tokens: 200 tokens will end the run early; ")
    # 64 solutions with 8 verifications of each, a token each.
    least = float(told.split("takes ")[1].split(" at")[0].replace(",", ""))
    assert 64 + 64 * 8 < least < 64 * 8 * 60
    (calls,) = said(quickstart(tmp_path, "budget={per_problem: {calls: 575}}"))
    assert "takes 576 at the least" in calls
    assert said(quickstart(tmp_path, "budget={per_problem: {calls: 576}}")) == []


def test_a_run_of_another_name_tells_the_lengths_if_it_sampled_alike(earlier):
    short = (*SMALL, "budget.per_problem.tokens=150")
    (told,) = said(quickstart(earlier, "name=other", "sampler.solutions=8", *short))
    assert "150 tokens buys about " in told
    assert said(quickstart(earlier, "name=hot", "sampler.temperature=1.7", *short)) == []


def test_a_verifier_that_nobody_ran_yet_counts_with_a_token_a_verdict(earlier):
    other = ("name=other", "verifiers.0.prompt=genrm-brief", *SMALL)
    assert said(quickstart(earlier, *other, "budget.per_problem.tokens=8000")) == []
