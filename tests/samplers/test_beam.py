"""Beam search: what is kept, what it finds, and what a budget or a blind reward makes of it."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letter_tree import blind, even, found, leaves, said, searched, settings
from on_nano import STEPS, check_budgets_and_replay

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.samplers.beam import Beam


def search(chances, rewards, *, in_turn=True, of="p", **more):
    sampler = Beam(**settings(**more))
    attempt, model = searched(sampler, chances, rewards, in_turn=in_turn, of=of)
    return found(asyncio.run(sampler.solve(attempt))), said(attempt), model


@given(salt=st.integers(0, 10**6), how=st.sampled_from(["last", "min", "product", "mean"]))
def test_a_full_beam_is_exhaustive_search(salt, how):
    rewards = blind(salt)

    def whole(leaf):
        steps = [rewards(leaf[: i + 1]) for i in range(len(leaf))]
        made = {"last": steps[-1], "min": min(steps), "mean": sum(steps) / len(steps)}
        return made.get(how, math.prod(steps))

    tree = even("abc", 3)
    _, answers, _ = search(
        tree, rewards, beams=27, width=3, filter_duplicates=True, aggregate=how, sort_completed=True
    )
    assert answers[-1] == max((leaf for leaf, _ in leaves(tree)), key=whole)


def test_a_narrow_beam_keeps_the_best_step_and_falls_for_a_trap():
    rewards = {"a": 0.9, "b": 0.5, "aA": 0.2, "aB": 0.3, "bA": 0.1, "bB": 1.0}.__getitem__
    solutions, answers, model = search(even("ab", 2), rewards, beams=4, width=4)
    assert answers[-1] == "aB"
    assert sorted(solutions) == ["aA", "aA", "aB", "aB"]
    assert model.asked == 8


def test_look_ahead_sees_the_trap():
    rewards = {"a": 0.9, "b": 0.5, "aA": 0.2, "aB": 0.3, "bA": 0.1, "bB": 1.0}.__getitem__

    def chances(path):
        return {"A": 0.4, "B": 0.6} if path else {"a": 0.5, "b": 0.5}

    solutions, answers, model = search(chances, rewards, beams=4, width=4, look_ahead=1)
    assert answers[-1] == "bB"
    assert sorted(solutions) == ["bA", "bA", "bB", "bB"], "what was looked at is no solution"
    assert model.asked == 4 + 4 + 4


def early(path):
    """Texts of one letter, of two and of three."""
    return {"A": 0.5, "b": 0.5} if len(path) < 2 else {"C": 1.0}


@pytest.mark.parametrize(
    ("sort", "solutions"), [(False, ["A", "A", "bA", "bA"]), (True, ["bbC"] * 4)]
)
def test_the_first_to_finish_or_the_best(sort, solutions):
    scores = {"A": 0.2, "bA": 0.3, "bbC": 0.9}

    def rewards(path):
        return scores.get(path, 0.5)

    got, answers, _ = search(early, rewards, beams=4, width=2, sort_completed=sort)
    assert got == solutions
    assert answers == ["A", "bA", "bbC"][: 3 if sort else 2], "each better than the one before"


def test_the_last_step_is_written_to_the_end():
    solutions, _, model = search(even("ab", 5), lambda p: 0.5, beams=2, width=2, most_steps=3)
    assert [len(one) for one in solutions] == [5, 5]
    assert model.asked == 6


def test_fewer_paths_than_were_to_be_kept_are_continued_more_often():
    """One of four ends, so that two are kept though one has no equal."""

    def chances(path):
        return {"A": 1, "b": 1, "c": 1, "d": 1} if not path else {"X": 1, "Y": 1, "Z": 1, "W": 1}

    scores = {"b": 0.9, "c": 0.8, "d": 0.7}
    _, _, model = search(chances, lambda p: scores.get(p, 0.5), beams=4, width=1)
    assert model.asked == 8, "n at each step"


def test_a_failed_score_is_kept_only_where_there_is_no_other():
    rewards = {"a": math.nan, "b": 0.01, "bA": 0.5, "bB": 0.6}
    solutions, answers, _ = search(even("ab", 2), lambda p: rewards.get(p, 0.0), beams=2, width=2)
    assert answers[-1] == "bB"
    assert solutions == ["bA", "bB"]


def test_on_the_embedded_models(tmp_path):
    sampler = {"type": "beam", "beams": 4, "width": 2, **STEPS}
    check_budgets_and_replay(tmp_path, sampler, 60, 150, 5000)


def test_a_width_that_does_not_fit_is_refused():
    with pytest.raises(RecipeError, match="multiple of width"):
        parse_recipe(
            "{name: x, dataset: {type: nano}, policies: [first], sampler: {type: beam, beams: 5, "
            "width: 2, prm: {type: nano, model: nano-prm}}}"
        )
