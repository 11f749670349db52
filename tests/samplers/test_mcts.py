"""MCTS: on trees that are known it finds the best leaf; a useless reward gives it nothing."""

import itertools
import random

import numpy as np
import pytest
from letter_tree import PRM
from lettered import Letters, searched
from on_nano import check_replay_within

from ttc.core import Completion
from ttc.samplers.mcts import MCTS


def mcts(**settings):
    return MCTS(prm=PRM, steps="line", **settings)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rollout", [False, True])
def test_with_enough_expansions_it_agrees_with_exhaustive_search(seed, rollout):
    die = random.Random(seed)
    reward = {"".join(t): die.random() for t in itertools.product("ab", repeat=3)}
    sampler = mcts(expansions=200, curiosity=4, rollout=rollout)
    model = Letters("ab", 3, in_turn=True)
    found, said, _ = searched(sampler, model, lambda path: reward.get(path, 0.5))
    assert set(found) == {*reward}
    assert said[-1] == max(reward, key=reward.__getitem__)
    scores = [reward[one] for one in said]
    assert scores == sorted(scores), "each answer is better than the one before"


@pytest.mark.parametrize("seed", range(3))
def test_a_reward_that_sees_ahead_leads_it_to_the_best_leaf_early(seed):
    best = "".join(random.Random(seed).choices("ab", k=6))
    model = Letters("ab", 6, in_turn=True)
    sampler = mcts(expansions=12)
    _, said, _ = searched(sampler, model, lambda path: 0.9 if best.startswith(path) else 0.1)
    assert said[-1] == best
    assert len(model.shown) <= 24, "of 126 nodes"


RIGHT = "abcdefghijklm"  # of 20 letters: p = 0.65 a step
ALL = "abcdefghijklmnopqrst"
PROBLEMS = 250


def success(reward):
    """Of a search at the price of some solutions, over many problems of three steps."""
    sampler, right = mcts(expansions=12), 0
    for i in range(PROBLEMS):
        _, said, _ = searched(
            sampler, Letters(ALL, 3), lambda path, i=i: reward(path, i), of=str(i)
        )
        right += set(said[-1]) <= set(RIGHT)
    return right / PROBLEMS


@pytest.mark.slow
def test_a_useless_reward_gives_no_gain_over_a_sample():
    p = 0.65**3
    error = np.sqrt(p * (1 - p) / PROBLEMS)
    useless = success(lambda path, i: random.Random(f"{path} {i}").random())
    assert abs(useless - p) < 2.58 * error, "within its 99 % interval"
    useful = success(lambda path, i: 0.9 if set(path) <= set(RIGHT) else 0.1)
    assert useful > p + 0.3


def test_a_node_whose_score_failed_is_drawn_anew():
    def reward(path):
        return None if path.startswith("a") else 0.5

    model = Letters("ab", 2, in_turn=True)
    found, said, record = searched(mcts(expansions=4), model, reward)
    assert set(found) == {"ba", "bb"}
    assert said == ["ba"]
    failed = [row for row in record.trace() if row.finish_reason == "gave_up"]
    assert len(failed) == 2, "each draws an a at first: its score has a name in the table"


def test_what_no_solution_has_ended_of_is_written_to_its_end():
    found, said, _ = searched(mcts(expansions=1), Letters("ab", 5, in_turn=True), lambda path: 0.5)
    assert len(found) == 1
    assert len(found[0]) == 5
    assert said == found


class Failing(Letters):
    """Samples to the end of a solution fail: every second one, or all, or steps, too."""

    def __init__(self, *words, fails, **settings):
        super().__init__(*words, **settings)
        self._fails = fails

    def _one(self, prompt, params, problem, number):
        made = super()._one(prompt, params, problem, number)
        if not self._fails("\n" in params.stop, number):
            return made
        return Completion("", "gave_up", 0, 0, error="the server's words")


@pytest.mark.parametrize("rollout", [False, True])
@pytest.mark.parametrize(
    ("fails", "some"),
    [
        (lambda step, number: not step and number % 2 == 0, True),
        (lambda step, number: not step, None),
        (lambda step, number: True, False),
    ],
)
def test_what_failed_is_no_solution_and_no_node(rollout, fails, some):
    model = Failing("ab", 3, fails=fails)
    found, said, _ = searched(mcts(expansions=8, rollout=rollout), model, lambda path: 0.5)
    assert all(len(one) == 3 for one in found)
    assert set(said) <= set(found)
    if some is not None or rollout:
        assert bool(found) == bool(some)


def test_where_the_budget_ends_first_it_answers_with_what_there_is():
    model = Letters("ab", 5, in_turn=True, limit=2)
    found, said, record = searched(mcts(), model, lambda path: 0.5)
    assert found == said == ["a"]
    assert len(record.trace()) == 4


def test_on_nano_within_a_budget(tmp_path):
    sampler = {
        "type": "mcts",
        "prm": PRM,
        "prm_prompt": "nano-solver",
        "steps": "line",
        "step_tokens": 32,
        "temperature": 1.0,
    }
    check_replay_within(tmp_path, sampler, 250)
