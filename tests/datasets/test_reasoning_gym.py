"""Tasks of reasoning-gym and the scores of its own checkers, which run in the sandbox."""

import json
import sys

import numpy as np
import pytest

from ttc.answers import AnswerRule
from ttc.answers.scored import gym_problem
from ttc.datasets.reasoning_gym import ReasoningGym
from ttc.errors import DataError, MissingExtra
from ttc.importing import import_pool
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.tables import read_frame

RULE = ReasoningGym.default_answers


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(MissingExtra, match=r"\[reasoning-gym\]"):
        ReasoningGym(tasks="countdown", problems=1).load()


def test_a_gold_answer_that_names_no_checker_is_refused():
    for gold in ("42", "{}", '{"scorer": "os", "task": "x", "seed": 0, "index": 0, "answer": ""}'):
        with pytest.raises(DataError, match=r"answers\.equivalence: scored needs gold answers"):
            AnswerRule(equivalence="scored").classify(["1"], gold)


@pytest.fixture(scope="module")
def library():
    return pytest.importorskip("reasoning_gym")


def test_problems_are_the_librarys_and_none_twice(library):
    part = ReasoningGym(tasks=["countdown", "coin_flip"], problems=9, seed=7)
    problems = part.load()
    assert [p.metadata["task"] for p in problems[:3]] == ["countdown", "coin_flip", "countdown"]
    assert len({p.question for p in problems}) == len({p.id for p in problems}) == 9
    for problem in problems:
        known = gym_problem(problem.answer)
        data = library.create_dataset(known.task, seed=7, size=500)
        assert data[known.index]["question"] == problem.question
        assert str(data[known.index]["answer"]) == known.answer
    fewer = ReasoningGym(tasks=["countdown", "coin_flip"], problems=4, seed=7).load()
    assert fewer == problems[:4]


def test_scores_are_the_librarys(library):
    (problem,) = ReasoningGym(tasks="countdown", problems=1, seed=1).load()
    entry = library.create_dataset("countdown", seed=1, size=1)[0]
    numbers = "+".join(map(str, entry["metadata"]["numbers"]))
    answers = [entry["answer"], f"0+{entry['answer']}", numbers, None, "no idea", numbers, " "]
    found = RULE.classify(answers, problem.answer)
    data = library.create_dataset("countdown", seed=1, size=1)
    wanted = [data.score_answer(a, entry) if a and a.strip() else np.nan for a in answers]
    np.testing.assert_allclose(found.scores, wanted)
    assert found.correct.tolist() == [score == 1 for score in wanted]
    assert found.index[2] == found.index[5] != found.index[4]
    assert found.index[3] == found.index[6] == -1
    lenient = json.dumps(json.loads(problem.answer) | {"right_at": 0.05})
    assert RULE.classify([numbers, "no idea"], lenient).correct.tolist() == [True, False]


def test_answers_that_attack_a_checker_that_evaluates_them_harm_themselves_only(library, tmp_path):
    (problem,) = ReasoningGym(tasks="countdown", problems=1, seed=1).load()
    right = gym_problem(problem.answer).answer
    mark = tmp_path / "was_here"
    attacks = [
        f"__import__('pathlib').Path({str(mark)!r}).write_text('x')",
        "__import__('os')._exit(0)",
        "__import__('os').kill(__import__('os').getppid(), 0) or 9**9**9",
        "(lambda: [1 for _ in iter(int, 1)])()",
    ]
    rule = RULE.model_copy(update={"time_limit_s": 2.0})
    found = rule.classify([*attacks, right], problem.answer)
    assert found.correct.tolist() == [False] * len(attacks) + [True]
    assert not mark.exists()


def test_another_version_of_the_library_is_noticed(library):
    (problem,) = ReasoningGym(tasks="countdown", problems=1).load()
    other = json.dumps(json.loads(problem.answer) | {"asks": "0" * 16})
    with pytest.raises(DataError, match="countdown 0/0: the installed version makes another"):
        RULE.classify(["1"], other)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"tasks": "countdwn"}, "dataset.tasks: .*did you mean 'countdown'"),
        ({"tasks": "countdown", "settings": {"numbrs": 3}}, "dataset.settings: .*numbrs"),
        ({"tasks": "countdown", "settings": {"min_numbers": -1}}, "dataset.settings"),
    ],
)
def test_what_the_library_does_not_know_is_said(library, fields, why):
    with pytest.raises(DataError, match=why):
        ReasoningGym(problems=2, **fields).load()


@pytest.mark.slow
def test_the_recipe_runs_and_scores_are_kept(library, tmp_path):
    few = [
        *("dataset.problems=2", "sampler.solutions=2", "sampler.max_tokens=8"),
        *("dataset.tasks=[coin_flip]", f"results={tmp_path}", "sampler.prompt=nano-solver"),
        "dataset.settings={min_trials: 3, max_trials: 3}",
        "backend={type: nano, model: nano-solver}",
        "answers={extract: [{regex: '(?s)(.+)'}]}",
    ]
    run = run_recipe(load_recipe("datasets/reasoning_gym", few)).run
    solutions = read_frame(run.solutions, "solutions")
    assert solutions["gold_score"].between(0, 1).all()
    assert (solutions["correct"] == (solutions["gold_score"] >= 1)).all()
    gold = list(read_frame(run.problems, "problems")["gold_answer"])
    rows = [
        {"problem_id": str(i), "question": "q", "answer": one, "solutions": [{"text": text}]}
        for i, one in enumerate(gold)
        for text in [f"<answer>{gym_problem(one).answer}</answer>"]
    ]
    (tmp_path / "pool.jsonl").write_text("\n".join(map(json.dumps, rows)))
    imported = import_pool(tmp_path / "pool.jsonl", tmp_path / "imported", answers=RULE)
    assert (read_frame(imported.solutions, "solutions")["gold_score"] == 1).all()
