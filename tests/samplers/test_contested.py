"""Contested: the choice of all verdicts, for fewer of them."""

import numpy as np
import pytest

from ttc.analysis.contention import Contention, Said
from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame

RECIPE = """
name: NAME
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: contested, votes: 3, draw: {solutions: 5, temperature: 1.0, max_tokens: 64},
          critic: {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
                   verifications: VERIFICATIONS, temperature: 1.0, max_tokens: 96, score: binary}}
policies: [first]
budget: {per_problem: {tokens: 1500}}
results: RESULTS
"""


def recipe(folder, **changes):
    text = RECIPE
    for key, value in {"NAME": "contested", "VERIFICATIONS": "1", **changes}.items():
        text = text.replace(key, value)
    return parse_recipe(text.replace("RESULTS", str(folder)))


def test_on_the_embedded_model_within_a_budget(tmp_path):
    """It never passes it, and run again from the journal it says and buys the same."""
    first = run_recipe(recipe(tmp_path)).run
    again = run_recipe(recipe(tmp_path, NAME="again"))
    assert again.manifest.ledger["roles"]["solver"]["paid_samples"] == 0
    for name in ("solutions", "verifications", "answers"):
        one, other = (read_frame(run.table(name), name) for run in (first, again.run))
        assert one.drop(columns=["seconds", "latency"], errors="ignore").equals(
            other.drop(columns=["seconds", "latency"], errors="ignore")
        )
    samples = read_frame(first.table("samples"), "samples")
    used = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    assert used.groupby(samples["problem_id"].astype(str)).sum().max() <= 1500
    verdicts = read_frame(first.verifications, "verifications")
    assert 0 < len(verdicts) < 4 * 5 * 3
    curve = read_frame(first.curves, "curves")
    assert curve["tokens"].max() <= 1500


def test_a_critic_that_says_more_at_once_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="set its verifications to 1"):
        recipe(tmp_path, VERIFICATIONS="2")


def test_fewer_verdicts_than_all_and_the_same_choice(tmp_path):
    """Against a run that buys all of the same judge: from one journal, so of the same verdicts."""
    folder = tmp_path / "results"
    live = run_recipe(recipe(folder, **{"tokens: 1500": "tokens: 100000"})).run
    text = RECIPE.split("sampler:")[0].replace("NAME", "whole") + (
        "sampler: {type: independent, solutions: 5, temperature: 1.0, max_tokens: 64}\n"
        "verifiers: [{type: genrm, backend: {type: nano, model: nano-verifier}, verifications: 3,\n"
        "             prompt: nano-genrm, temperature: 1.0, max_tokens: 96, score: binary}]\n"
        f"policies: [weighted_majority]\nresults: {folder}\n"
    )
    whole = run_recipe(parse_recipe(text)).run
    verdicts = read_frame(whole.verifications, "verifications")
    solutions = read_frame(whole.solutions, "solutions")
    answers = read_frame(live.table("answers"), "answers")
    answers = answers[answers["final"]].set_index("problem_id")["solution_index"]
    bought = read_frame(live.verifications, "verifications")
    assert len(bought) < len(verdicts) == 4 * 5 * 3
    for name, own in solutions.groupby("problem_id", observed=True):
        said = Said.nothing(len(own))
        for one in verdicts[verdicts["problem_id"] == name].itertuples():
            said.add(one.solution_index, None if np.isnan(one.score) else one.score)
        rule = Contention(3, "weighted_majority")
        choice = rule.choice(own["answer_class"].to_numpy(), said)
        place = own.set_index("solution_index")["answer_class"]
        assert place[answers[name]] == choice
