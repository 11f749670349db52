"""Published scores of reasoning-gym's answers, against what its checkers say in our sandbox."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ttc.answers import AnswerRule
from ttc.datasets.reasoning_gym import ReasoningGym

SEED = 45
"""With which the published problems were made."""
EVERY = 20
RULE = AnswerRule(equivalence="scored", time_limit_s=20.0)


def scores_of(row, gold):
    """(solutions,) published and ours; nan for no answer."""
    answers = [one["answer"] for one in row["solutions"]]
    found = RULE.classify(answers, gold)
    return [
        (one["score"], found.score(i), one["correct"], bool(found.correct[i]))
        for i, one in enumerate(row["solutions"])
        if found.score(i) is not None
    ]


def test_scores_of_eight_tasks(pool, told):
    pytest.importorskip("reasoning_gym")
    rows = pool("reasoning_gym_10systems_8tasks")
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    made = {
        problem.question: problem.answer
        for task in tasks
        for problem in ReasoningGym(tasks=task, problems=50, seed=SEED).load()
    }
    same = [row for row in rows if row["question"] in made]
    told("reasoning_gym_10systems_8tasks: problems made anew", "400", str(len(same)))
    with ThreadPoolExecutor(2) as threads:
        found = threads.map(lambda row: scores_of(row, made[row["question"]]), same[::EVERY])
        pairs = [pair for one in found for pair in one]
    near = sum(abs(theirs - ours) < 1e-6 for theirs, ours, *_ in pairs)
    right = sum(theirs == ours for *_, theirs, ours in pairs)
    told(f"    scores of {len(pairs)} answers agree", "", f"{near / len(pairs):.2%}")
    told("    right or wrong agree", "", f"{right / len(pairs):.2%}")
    assert len(same) == len(rows)
    assert right > 0.97 * len(pairs)
