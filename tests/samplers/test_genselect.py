"""A model that reads several solutions: who is shown to it, what is read of its choice."""

import asyncio
import re
from collections import Counter

import pytest
from attempts import attempt_of
from on_nano import tables, used
from sampled import check_budget, ran
from served import Served

from ttc.core import Capabilities, Completion, ModelIdentity, Problem
from ttc.errors import RecipeError
from ttc.prompts import load_prompt
from ttc.recipe import parse_recipe
from ttc.samplers.genselect import GenSelect
from ttc.samplers.search.candidates import chosen, elected, groups

PROBLEM = Problem("p", "1+1+1?", "3")
LIST, PAIR = load_prompt("genselect"), load_prompt("pairwise")


class Solver:
    """Answers 0, 1, 2 ... in turn, or those of a list."""

    capabilities = Capabilities(chat=True)
    identity = ModelIdentity("test", "solver")

    def __init__(self, answers=()):
        self.answers = answers

    async def sample(self, prompt, params, n, start=0, **_):
        said = self.answers or range(start, start + n)
        return [Completion(f"The answer is {a}.", "stop", 5, 4) for a in list(said)[:n]]


def read(messages):
    """The answers that a prompt shows, in its order."""
    return [int(a) for a in re.findall(r"The answer is (\d+)\.", messages[-1]["content"])]


def best_of(messages):
    answers = read(messages)
    return f"I compared them.\nBest: \\boxed{{{answers.index(max(answers)) + 1}}}"


def selected(says, answers=(), **settings):
    sampler = GenSelect(selector={"type": "nano"}, **settings)
    selector = Served(says)
    attempt = attempt_of(sampler, PROBLEM, Solver(answers), prompt="cot", selector=selector)
    found = asyncio.run(sampler.solve(attempt))
    said = [attempt._record.solutions[a.solution_index].answer for a in attempt._record.answers()]
    return found, said, selector.asked


@pytest.mark.parametrize(("solutions", "at_once"), [(5, 8), (16, 4), (16, 2), (7, 3), (1, 2)])
def test_a_served_chat_model_that_knows_selects_the_best(solutions, at_once):
    found, said, asked = selected(best_of, solutions=solutions, at_once=at_once)
    assert len(found) == solutions
    assert said[-1] == str(solutions - 1)
    assert all(len(read(messages)) <= at_once for messages in asked)
    # Each vote leaves one of a group: so many are needed at least.
    assert len(asked) >= -(-(solutions - 1) // (at_once - 1))


def test_all_of_a_pair_are_shown_by_letters():
    def better(messages):
        a, b = read(messages)
        return f"Better: {'A' if a > b else 'B'}"

    _, said, asked = selected(better, solutions=8, at_once=2, select_prompt="pairwise")
    assert said[-1] == "7"
    assert len(asked) == 7


def test_votes_are_counted_and_orders_drawn():
    _, said, asked = selected(lambda m: "Best: \\boxed{1}", solutions=4, at_once=4, selections=200)
    assert len(asked) == 200
    first = Counter(read(messages)[0] for messages in asked)
    # A judge that always names the first says nothing: each is shown there as often.
    assert set(first) == {0, 1, 2, 3}
    assert all(30 <= n <= 72 for n in first.values())
    assert said[-1] == str(max(first, key=first.get))


def test_a_group_of_one_answer_is_not_asked_about():
    _, said, asked = selected(best_of, answers=[4, 4, 4, 4], solutions=4)
    assert (said[-1], asked) == ("4", [])


def test_before_any_vote_the_answer_is_the_plurality():
    _, said, _ = selected(lambda m: "none", answers=[4, 5, 5, 6], solutions=4)
    assert said[0] == "5"


@pytest.mark.parametrize(
    ("template", "text", "place"),
    [
        (LIST, "Solution 1 errs.\nBest: \\boxed{2}", 1),
        (LIST, "Best: \\boxed{0}", None),
        (LIST, "Best: \\boxed{3}", None),
        (LIST, "I can't say", None),
        (LIST, "<think>Best: \\boxed{1}</think>Best: \\boxed{2}", 1),
        (PAIR, "Better: B", 1),
        (PAIR, " A", 0),
        (PAIR, "Better: tie", None),
    ],
)
def test_what_a_text_names(template, text, place):
    two = ["first", "second"]
    assert chosen(template, text, two) == (None if place is None else two[place])


def test_ties_and_no_votes_go_to_the_first():
    class One:
        def __init__(self, index):
            self.index = index

    a, b, c = One(5), One(3), One(1)
    assert elected([a, b, c], [c, b, c, b, None]) is b
    assert elected([a, b, c], [None, None]) is a


@pytest.mark.parametrize(("count", "most"), [(1, 2), (9, 8), (16, 4), (17, 4), (5, 2)])
def test_groups_are_few_and_even(count, most):
    found = groups(count, most)
    assert [i for part in found for i in part] == list(range(count))
    assert len(found) == -(-count // most)
    sizes = [len(part) for part in found]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1


def test_a_served_chat_model_fuses_round_after_round():
    def summed(messages):
        return f"Together.\nThe answer is {sum(read(messages))}."

    found, said, asked = selected(
        summed, answers=[1, 1, 1, 1], solutions=4, mode="fuse", at_once=3, selections=5, rounds=2
    )
    assert len(asked) == 10
    assert [s.answer for s in found] == ["9"] * 5
    assert said == ["1", "3", "9"]


def test_a_prompt_for_two_needs_two_at_once():
    recipe = """
    name: pairs
    dataset: {type: nano, levels: [1], problems: 1}
    sampler: {type: genselect, select_prompt: nano-pairwise, at_once: 4}
    """
    with pytest.raises(RecipeError, match="at_once must be 2"):
        parse_recipe(recipe)


NANO = """{type: genselect, temperature: 1.0, max_tokens: 64, solutions: 6, at_once: 2,
    selections: 3, selector: {type: nano, model: nano-grader}, select_prompt: nano-pairwise,
    select_temperature: 1.0, select_tokens: 2}"""


def test_nano_grader_selects_in_pairs(tmp_path):
    found = tables(ran(tmp_path, NANO))
    samples, answers = found["samples"], found["answers"]
    assert set(samples["role"].astype(str)) == {"solver", "selector"}
    assert (answers.groupby("problem_id", observed=True).size() == 2).all()
    assert (found["solutions"].groupby("problem_id", observed=True).size() == 6).all()
    votes = samples[samples["role"] == "selector"].groupby("problem_id", observed=True).size()
    assert (votes % 3 == 0).all()
    assert votes.max() <= 5 * 3
    assert (used(samples) > 0).all()


def test_within_a_budget(tmp_path):
    check_budget(tmp_path, NANO, 500)


@pytest.mark.parametrize(
    ("count", "most", "groups"), [(16, 2, 15), (16, 8, 3), (5, 2, 4), (1, 4, 0)]
)
def test_a_plan_knows_the_most_votes(count, most, groups):
    sampler = GenSelect(solutions=count, at_once=most, selections=3)
    assert sampler.most_samples() == {"solver": count + 3 * groups}
    assert len(selected(best_of, solutions=count, at_once=most)[2]) == groups
