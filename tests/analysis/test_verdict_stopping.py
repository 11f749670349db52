"""Rules that stop verdicts on planted pools: what they use, and what is known by hand."""

import itertools

import numpy as np
import pytest

from ttc.analysis.contention import Contention
from ttc.analysis.verdict_stopping import JudgedProblem, replay_verdicts

VOTE = "weighted_majority"


def problem(classes, right, scores, once=10.0, each=2.0):
    classes = np.array(classes)
    return JudgedProblem(classes, classes == right, np.array(scores, dtype=float), once, each)


def replayed(problems, *rules, votes, how=VOTE, most=99, draws=64):
    seeds = range(len(problems))
    return replay_verdicts(problems, rules, how, votes, most, draws, list(seeds))


def test_a_judge_that_always_says_the_same_by_hand():
    """Two right solutions that are always accepted, one wrong one that never is, of three verdicts.
    After the first ones the right answer has 2/3 for sure and the other 2/3 at most: a tie that may
    still be, so a second is asked of each, after which there is none.
    """
    one = problem([7, 7, 4], 7, [[1, 1, 1], [1, 1, 1], [0, 0, 0]])
    found = replayed([one], Contention(3, VOTE), votes=3)
    assert found.rules.solutions[0, 0] == pytest.approx(2)
    assert found.rules.tokens[0, 0] == pytest.approx(3 * 10 + 6 * 2)
    assert found.vote.solutions[0] == pytest.approx(3)
    assert found.vote.tokens[0] == pytest.approx(3 * 10 + 9 * 2)
    assert found.settled.solutions[0] == 0, "the plurality is right already"
    assert found.start[0] == pytest.approx(1)
    assert found.curve[0] == pytest.approx([1, 1, 1])
    assert found.rules.success[0, 0] == pytest.approx(1)


def test_one_answer_needs_no_verdict():
    found = replayed([problem([3, 3], 3, [[0, 0], [0, 0]])], Contention(2, VOTE), votes=2)
    assert found.rules.solutions[0, 0] == found.rules.tokens[0, 0] == 0
    assert found.rules.success[0, 0] == 1


def test_nothing_is_right_and_nobody_answers():
    found = replayed([problem([-1, -1], 5, [[1, 1], [1, 1]])], Contention(2, VOTE), votes=2)
    assert found.rules.success[0, 0] == 0
    assert found.rules.withheld[0, 0] == pytest.approx(1)


@pytest.mark.parametrize("how", [VOTE, "best_of_n"])
@pytest.mark.parametrize("seed", range(4))
def test_it_chooses_as_all_verdicts_do_for_fewer(how, seed):
    """Of any pool: with all the reach, the same success and never a verdict more; the clairvoyant,
    who needs no proof, never goes on beyond all.
    """
    rng = np.random.default_rng(seed)
    problems = []
    for _ in range(6):
        scores = np.where(rng.random((5, 4)) < 0.1, np.nan, rng.random((5, 4)).round(1))
        problems.append(problem(rng.integers(0, 3, 5), 0, scores))
    found = replayed(problems, Contention(4, how), votes=4, how=how, draws=16)
    assert found.rules.success[:, 0] == pytest.approx(found.vote.success)
    assert found.curve[:, -1] == pytest.approx(found.vote.success)
    assert (found.rules.solutions[:, 0] <= 4 + 1e-9).all()
    assert (found.settled.solutions <= 4 + 1e-9).all()
    assert (found.rules.tokens[:, 0] <= found.vote.tokens + 1e-9).all()


def test_success_by_one_verdict_each_is_that_of_all_draws_of_one():
    """Two solutions, each with two verdicts: the four ways to draw one of each, ties to the first
    of both orders.
    """
    scores = [[1.0, 0.2], [0.6, 0.4]]
    pairs = list(itertools.product(*scores))
    wanted = np.mean([a > b for a, b in pairs])
    found = replayed([problem([0, 1], 0, scores)], votes=2, draws=4000)
    assert found.curve[0, 0] == pytest.approx(wanted, abs=0.03)
    assert found.start[0] == pytest.approx(0.5, abs=0.03)


def test_of_so_many_solutions_at_most():
    one = problem([0, 0, 1, 1], 0, [[1, 1]] * 4)
    found = replayed([one], votes=2, most=1, draws=200)
    assert found.vote.tokens[0] == pytest.approx(10 + 2 * 2)
    assert found.vote.success[0] == pytest.approx(0.5, abs=0.12)
