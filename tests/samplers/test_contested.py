"""Contested: the choice of all verdicts, for fewer of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.samplers.search.contention import bounds, chosen, contested
from ttc.store.tables import read_frame

SCORES = st.sampled_from([0.0, 0.3, 0.5, 1.0, None])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 2), st.lists(SCORES, min_size=3, max_size=3)), min_size=1,
             max_size=7),
    st.sampled_from(["weighted_majority", "best_of_n"]),
)  # fmt: skip
def test_the_choice_is_that_of_all_verdicts(rows, how):
    classes = np.array([c for c, _ in rows])
    whole = [verdicts for _, verdicts in rows]
    said = [[] for _ in rows]
    while wanted := contested(classes, said, 3, how):
        for i in wanted:
            said[i].append(whole[i][len(said[i])])
    bought = sum(map(len, said))
    assert bought <= 3 * (classes >= 0).sum()
    full = [own if c >= 0 else [] for c, own in zip(classes, whole, strict=True)]
    several = len({c for c in classes if c >= 0}) > 1
    assert not several or chosen(classes, said, how) == chosen(classes, full, how)


def test_bounds_by_hand():
    low, high = bounds([[1.0, 0.0], [None, 1.0], []], 4)
    assert low.tolist() == [1 / 4, 1 / 3, 0]
    assert high.tolist() == [3 / 4, 1, 1]


def test_a_clear_lead_asks_for_nothing_more():
    """Three sure solutions against one: even four verdicts of 1 do not help the one."""
    classes = np.array([0, 0, 0, 1])
    assert contested(classes, [[], [], [], []], 4, "weighted_majority") == [0, 1, 2, 3]
    assert contested(classes, [[1.0] * 2] * 3 + [[0.0] * 2], 4, "weighted_majority") == []
    # One answer is out, the two others go on.
    three = np.array([0, 1, 2])
    said = [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert contested(three, said, 4, "weighted_majority") == [0, 1]
    assert contested(np.array([0, 0, -1]), [[], [], []], 4, "best_of_n") == []


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
        mine = verdicts[verdicts["problem_id"] == name]
        said = [
            [None if np.isnan(s) else s for s in mine[mine["solution_index"] == i]["score"]]
            for i in own["solution_index"]
        ]
        choice = chosen(own["answer_class"].to_numpy(), said, "weighted_majority")
        place = own.set_index("solution_index")["answer_class"]
        assert place[answers[name]] == choice
