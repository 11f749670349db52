"""Diverse verifier tree search: each tree by itself, its last children, the best of all."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st
from letter_tree import blind, even, found, said, searched, settings
from on_nano import STEPS, check_budgets_and_replay, run_on_nano, tables

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.dvts import DVTS


def search(chances, rewards, *, in_turn=False, of="p", **more):
    sampler = DVTS(**settings(**more))
    attempt, model = searched(sampler, chances, rewards, in_turn=in_turn, of=of)
    return found(asyncio.run(sampler.solve(attempt))), said(attempt), model


@trials(max_examples=30)
@given(salt=st.integers(0, 10**6))
def test_each_tree_goes_down_by_its_best_step(salt):
    """Every tree draws all three steps, so each takes the path that the rewards lead along."""
    rewards, path = blind(salt), ""
    while len(path) < 3:
        letters = "ABC" if len(path) == 2 else "abc"
        path = max((path + letter for letter in letters), key=rewards)
    solutions, answers, model = search(even("abc", 3), rewards, in_turn=True, beams=9, width=3)
    assert answers[-1] == path
    assert sorted(solutions) == sorted([path[:2] + letter for letter in "ABC"] * 3)
    assert model.asked == 3 * 3 * 3


def test_trees_know_nothing_of_each_other():
    """Of trees that draw two of eight first steps, each keeps the better one of its own."""
    worth = dict(zip("abcdefgh", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8), strict=True))

    def rewards(path):
        return worth[path[0].lower()]

    solutions, answers, _ = search(even("abcdefgh", 2), rewards, beams=32, width=2)
    trees = [{one[0] for one in solutions[i : i + 2]} for i in range(0, 32, 2)]
    assert all(len(tree) == 1 for tree in trees), "the last children of one path"
    assert len(set.union(*trees)) > 3, "beam search would keep the best one everywhere"
    assert answers[-1][0] == max(one[0] for one in solutions)
    ranks = [worth[answer[0]] for answer in answers]
    assert ranks == sorted(ranks), "each better than the one before"


def test_the_prompt_is_paid_once(tmp_path):
    """Of one tree or of four: what first steps share is counted once."""
    counted = []
    for beams in (2, 8):
        sampler = {"type": "dvts", "beams": beams, "width": 2, **STEPS, "most_steps": 1}
        samples = tables(run_on_nano(tmp_path / str(beams), sampler))["samples"]
        own = samples[samples["role"] == "solver"]
        paid = own["prompt_tokens"] - own["cached_tokens"]
        counted.append(paid.groupby(own["problem_id"], observed=True).sum().tolist())
    assert counted[0] == counted[1]


def test_of_width_one_it_samples():
    solutions, _, _ = search(even("ab", 2), blind(0), beams=200, width=1)
    counts = Counter(solutions)
    assert len(counts) == 4
    assert all(25 <= count <= 75 for count in counts.values())


def test_a_tree_ends_where_its_best_step_has_a_boxed_answer():
    from ttc.core import Completion, Prompt, Sample
    from ttc.samplers.dvts import _boxed
    from ttc.samplers.search.paths import Path

    def child(text):
        done = Completion(text, "stop", 3, 2, stopped_by="\n")
        return Path(Prompt(text="P"), "line").then(Sample(0, done, Prompt(text="P")), "\n")

    assert _boxed(child("So it is \\boxed{7}.")).ended
    assert not _boxed(child("So it is 7.")).ended


def test_what_has_ended_goes_before_what_the_budget_cut_short(tmp_path):
    """Whatever the scores: an unfinished solution has no answer to give."""
    sampler = {"type": "dvts", "beams": 4, "width": 2, **STEPS}
    left = tables(run_on_nano(tmp_path, sampler, budget={"per_problem": {"tokens": 170}}))
    final = left["answers"][left["answers"]["final"]]
    solutions = left["solutions"].set_index(["problem_id", "solution_index"])
    for row in final.itertuples():
        mine = solutions.loc[row.problem_id]
        if mine["text"].str.contains("final answer").any():
            assert "final answer" in mine.loc[row.solution_index, "text"]


def test_on_the_embedded_models(tmp_path):
    sampler = {"type": "dvts", "beams": 4, "width": 2, "look_ahead": 1, **STEPS}
    check_budgets_and_replay(tmp_path, sampler, 80, 250, 5000)


def test_a_width_that_does_not_fit_is_refused():
    with pytest.raises(RecipeError, match="multiple of width"):
        parse_recipe(
            "{name: x, dataset: {type: nano}, policies: [first], sampler: {type: dvts, beams: 5, "
            "width: 2, prm: {type: nano, model: nano-prm}}}"
        )
