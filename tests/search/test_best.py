"""Which of the finished solutions is the answer, as each comes."""

import pytest
from attempts import attempt_of
from letter_tree import PRM

from ttc.core import Problem, Prompt
from ttc.samplers.search.best import Best
from ttc.samplers.search.paths import Path, StepSampler

PROMPT = Prompt(text="P")


def path(answer, score, ended=True):
    scores = () if score is None else (score,)
    return Path(PROMPT, "line", f"The answer is {answer}.", scores=scores, ended=ended)


def answers(choose, *paths):
    sampler = StepSampler(prm=PRM, steps="line")
    attempt = attempt_of(sampler, Problem("p", "?", ""), None)
    best = Best(sampler, choose)
    for one in paths:
        best.offer(attempt, one)
    made = attempt._record.solutions
    return [made[a.solution_index].index for a in attempt._record.answers()]


THREE = (path(1, 0.4), path(2, 0.6), path(1, 0.5))


@pytest.mark.parametrize(
    ("choose", "said"), [("best", [0, 1]), ("vote", [0, 1, 2]), ("sample", [])]
)
def test_the_best_one_or_that_of_the_answer_with_most_behind_it(choose, said):
    """0.4 + 0.5 is more than 0.6; of the two, the better one."""
    assert answers(choose, *THREE) == said


@pytest.mark.parametrize("choose", ["best", "vote"])
def test_finished_before_unfinished_and_scored_before_unscored(choose):
    begun, unscored, scored = path(3, 0.9, ended=False), path(2, None), path(1, 0.1)
    assert answers(choose, begun, unscored, scored, path(3, 0.8, ended=False)) == [0, 1, 2]


def test_votes_of_what_has_no_answer_or_no_score_do_not_count():
    silent = Path(PROMPT, "line", "Hm.", scores=(0.9,), ended=True)
    assert answers("vote", silent, path(1, 0.3), silent, path(2, 0.2), path(2, None)) == [0, 1]


def test_the_same_path_is_offered_once():
    one = path(1, 0.5)
    assert answers("best", one, one) == [0]


def test_without_any_score_most_finished_solutions_win_a_vote():
    """As in a search whose rewards fail: what has no answer does not, though it has a score."""
    silent = Path(PROMPT, "line", "Hm.", scores=(0.9,), ended=True)
    assert answers("vote", silent, path(1, None), path(2, None), path(2, None)) == [0, 1, 2]
