"""Judgements of a run, solution by solution, and labels of first wrong steps."""

import numpy as np
from pools import pool, problem, solution

from ttc.analysis.judging.decisions import NONE_WRONG, UNKNOWN, UNNAMED
from ttc.nano.tasks import generate
from ttc.pipeline.judging.gold_steps import gold_steps
from ttc.pipeline.judging.loading import load_judged


def test_each_row_is_what_the_tables_say(tmp_path):
    """Unverified solutions between others, one without an answer, one not returned."""
    run = pool(
        tmp_path,
        [
            problem(
                "a",
                solution("1"),
                solution("2", 0.5, None, tokens=7),
                solution("1", 1.0, 0.8, 0.6),
                solution("2", 0.9, returned=False),
                solution("2", None, None),
            ),
            problem("b", solution("3")),
            problem("c", solution("1", 0.25), {"text": "", "verifications": [{"score": 0.75}]}),
        ],
    )
    judged = load_judged(run, "judge", "dropped")
    names = [judged.problem_ids[i] for i in judged.problem]
    assert list(zip(names, judged.number.tolist(), strict=True)) == [
        ("a", 1),
        ("a", 2),
        ("a", 4),
        ("c", 0),
    ]
    assert judged.correct.tolist() == [False, True, False, True]
    assert judged.score.tolist() == [0.5, 0.8, 0.0, 0.25]
    assert judged.told.tolist() == [True, True, False, True]
    assert judged.tokens.tolist() == [7, 10, 10, 10]
    assert judged.counts.tolist() == [2, 3, 2, 1]
    # Of the three other returned solutions of a, one more says 2 and one more says 1.
    assert judged.frequency.tolist() == [1 / 3, 1 / 3, 1 / 3, 0]
    assert judged.solve_rate.tolist() == [0.5, 0.5, 0.5, 0.5]
    assert load_judged(run, "judge", "half").score.tolist() == [0.5, 0.8, 0.5, 0.25]
    other = load_judged(run, "imported", "dropped")
    assert (other.number.tolist(), other.score.tolist()) == ([1], [0.75])
    assert np.isnan(other.frequency).all()
    assert other.by_problem()[0].tolist() == [[0.0]]


def test_first_wrong_steps_of_scores_and_of_verdicts(tmp_path):
    scored = {"verifier": "steps", "step_scores": [0.9, 0.2, 0.1]}
    rows = [
        problem(
            "a",
            {
                "answer": "2",
                "first_wrong_step": 1,
                "verifications": [
                    scored,
                    {"verifier": "named", "verdict": False, "first_wrong_step": 2},
                    {"verifier": "named", "verdict": False, "first_wrong_step": 1},
                    {"verifier": "named", "verdict": False, "first_wrong_step": 1},
                    {"verifier": "plain", "verdict": False},
                ],
            },
            {
                "answer": "1",
                "first_wrong_step": -1,
                "verifications": [
                    {"verifier": "steps", "step_scores": [0.9, 0.7]},
                    {"verifier": "named", "verdict": True},
                    {"verifier": "plain", "verdict": True},
                ],
            },
            {"answer": "2", "verifications": [{"verifier": "named", "verdict": False}]},
        )
    ]
    run = pool(tmp_path, rows)
    steps, named, plain = (load_judged(run, v, "dropped") for v in ("steps", "named", "plain"))
    assert steps.found.tolist() == [1, NONE_WRONG]
    assert steps.gold.tolist() == [1, NONE_WRONG]
    assert named.found.tolist() == [1, NONE_WRONG, UNNAMED]
    assert named.gold.tolist() == [1, NONE_WRONG, UNKNOWN]
    assert plain.found is plain.gold is None


def test_steps_of_generated_problems_are_labelled_exactly(tmp_path):
    made = generate("arithmetic", 3, 0, 0)
    gold = made.solution.splitlines()
    wrong = [*gold[:1], "nonsense", *gold[2:]]
    texts = ["\n".join(gold), "\n".join(wrong), "\n".join(gold[:-1]), "\n\n".join(gold)]
    row = {
        "problem_id": made.id,
        "question": made.question,
        "answer": made.answer,
        "solutions": [{"text": text, "answer": made.answer} for text in texts],
    }
    found = gold_steps(pool(tmp_path, [row, problem("arithmetic-3-0-x", solution("1"))]))
    steps = [found[made.id, i] for i in range(4)]
    assert [one.first_wrong for one in steps] == [NONE_WRONG, 1, len(gold) - 1, NONE_WRONG]
    assert [one.steps for one in steps] == [len(gold), len(gold), len(gold) - 1, len(gold)]
    assert len(found) == 4
    other = pool(tmp_path, [row | {"question": "another one"}], "other")
    assert gold_steps(other) == {}


def test_a_verifier_that_cuts_other_steps_is_not_compared(tmp_path, caplog):
    made = generate("arithmetic", 3, 0, 0)
    lines = made.solution.splitlines()
    ways = {
        "alike": [0.9] * len(lines),
        "whole": [0.9],
        "finer": [0.9] * len(lines) + [0.1],
        "stops at a wrong one": [0.9, 0.1],
        "says nothing": [],
    }
    judged = [{"verifier": name, "step_scores": one, "score": 0.5} for name, one in ways.items()]
    wrong = [{"verifier": name, "step_scores": [0.2], "score": 0.5} for name in ways]
    texts = {"\n".join(lines): judged, "\n".join(["nonsense", *lines[1:]]): wrong}
    row = {
        "problem_id": made.id,
        "question": made.question,
        "answer": made.answer,
        "solutions": [
            {"text": text, "answer": made.answer, "verifications": said}
            for text, said in texts.items()
        ],
    }
    run = pool(tmp_path, [row])
    found = {name: load_judged(run, name, "dropped").found is not None for name in ways}
    assert found == {
        "alike": True,
        "whole": False,
        "finer": False,
        "stops at a wrong one": True,
        "says nothing": True,
    }
    assert caplog.text.count("cuts solutions into other steps") == 2
