"""Unit tests as a verifier, with given and generated tests, and hidden ones as the gold answer."""

import asyncio
import json

import pytest
from attempts import attempt_of
from writers import Sandbox, Writer, written

from ttc.answers import AnswerRule
from ttc.core import Problem, Solution
from ttc.errors import DataError, RecipeError
from ttc.importing import import_pool
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe, parse_recipe
from ttc.recipe.shipped import find_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.code import Code

RIGHT = "```python\ndef f(x):\n    return x * x\n```"
ALSO = "def f(x):\n    return x ** 2"
TWICE = "def f(x):\n    return x + x"
BROKEN = "def f(x:"
CALLS = {"tests": [[[2], 4], [[3], 9], [[0], 0], [[1], 1]], "entry_point": "f"}


def verify(texts, metadata, says=lambda *_: "", limit=None, **settings):
    part, sandbox = Code(**settings), Sandbox(limit)
    problem = Problem("p", "Square x.", "", metadata=metadata)
    given = [Solution("p", i, text, None, 3, 4, "stop") for i, text in enumerate(texts)]
    judge = Writer(says)
    found = asyncio.run(part.verify(attempt_of(part, problem, judge, sandbox=sandbox), given))
    return found, judge, sandbox


def test_the_share_of_tests_that_pass():
    found, _, _ = verify([RIGHT, ALSO, TWICE, BROKEN, ""], CALLS)
    assert [v.score for v in found] == [1.0, 1.0, 0.5, 0.0, 0.0]
    assert [v.verdict for v in found] == [True, True, False, False, False]
    assert found[2].text == "2 of 4 tests pass\n1: it gives 6\n3: it gives 2"
    assert "SyntaxError" in found[3].text
    assert found[4].text.endswith("3: it holds no program")


def test_all_or_nothing_and_equal_programs_run_once():
    found, _, sandbox = verify([TWICE, RIGHT, TWICE], CALLS, score="all")
    assert [v.score for v in found] == [0.0, 1.0, 0.0]
    assert len(sandbox.ran) == 2


def test_a_prefix_stands_before_each_program():
    metadata = {"tests": "assert f(4) == 2", "head": "from math import isqrt\ndef f(x):"}
    found, _, _ = verify(["    return isqrt(x)"], metadata, prefix="head")
    assert found[0].verdict is True


def test_what_the_budget_did_not_run_is_not_judged():
    found, _, _ = verify([TWICE, RIGHT], CALLS, limit=1)
    assert [v.solution_index for v in found] == [0]


def test_generated_tests_and_dual_agreement():
    says = ["assert f(2) == 4\nassert f(3) == 9", "assert f(3) == 9\nassert f(2) == 5"]
    found, judge, _ = verify(
        [RIGHT, ALSO, TWICE, BROKEN],
        {"entry_point": "f"},
        lambda _, number: written(says[number % 2]),
        generated=2,
        score="agreement",
    )
    # Three distinct tests, four programs: {right, also} pass two, {twice} one, {broken} none.
    assert [v.score for v in found] == pytest.approx([4 / 12, 4 / 12, 1 / 12, 0])
    assert "assert f(arguments) == value" in judge.asked[0][0]
    tokens = [v.completion_tokens for v in found]
    assert tokens[0] > 0
    assert tokens[1:] == [0, 0, 0]


def test_without_a_single_test_there_is_no_verdict():
    found, _, _ = verify([RIGHT], {"entry_point": "f"}, generated=1)
    assert (found[0].verdict, found[0].score) == (None, None)


def test_problems_that_have_no_tests_are_told():
    with pytest.raises(DataError, match="'p' has no 'tests' among its metadata; name its column"):
        verify([RIGHT], {})
    with pytest.raises(DataError, match="problem 'p': 'tests' must be a text"):
        verify([RIGHT], {"tests": 3})


def test_a_script_tests_texts():
    script = "def test_it(text, question):\n    assert 'x' in question and '4' in text"
    found, _, sandbox = verify(["4", "5"], {}, script=script)
    assert [v.verdict for v in found] == [True, False]
    assert len(sandbox.ran) == 1
    with pytest.raises(DataError, match="script: no function test_"):
        verify(["4"], {}, script="def test_(")
    with pytest.raises(DataError, match="script: no function test_"):
        verify(["4"], {}, script="x = 1")


CODE = AnswerRule.model_validate({"equivalence": "code", "extract": "program", "time_limit_s": 2})


@pytest.mark.parametrize("gold", [json.dumps(CALLS), "assert f(3) == 9 and f(2) == 4"])
def test_hidden_tests_say_which_programs_are_right(gold):
    answers = [CODE.extract(text) if text else None for text in (RIGHT, ALSO, TWICE, BROKEN, "")]
    classes = CODE.classify(answers, gold)
    assert classes.correct.tolist() == [True, True, False, False, False]
    assert classes.index.tolist() == [0, 0, 1, 2, -1]
    # Without gold, programs are alike where they are spelled alike.
    assert CODE.classify([*answers, f"{ALSO}  \n"], None).index.tolist() == [0, 1, 2, 3, -1, 1]


def test_an_imported_pool_of_programs_is_graded_by_its_hidden_tests(tmp_path):
    source = tmp_path / "pool.jsonl"
    row = {
        "problem_id": "square",
        "question": "Square x.",
        "answer": json.dumps(CALLS),
        "solutions": [{"text": text} for text in (RIGHT, TWICE)],
    }
    source.write_text(json.dumps(row) + "\n")
    run = import_pool(source, tmp_path / "run", answers=CODE)
    table = read_frame(run.solutions, "solutions")
    assert table["correct"].tolist() == [True, False]


def test_a_recipe_that_mixes_kinds_of_tests_is_refused():
    text = find_recipe("verifiers/code").read_text().replace("script:", "generated: 2\n    script:")
    with pytest.raises(RecipeError, match="a script tests texts; `generated`"):
        parse_recipe(text)


def test_lines_of_the_embedded_model_are_tested_in_the_sandbox(tmp_path):
    small = [f"results={tmp_path}", "dataset.problems=4", "sampler.solutions=4"]
    run = run_recipe(load_recipe(find_recipe("verifiers/code"), small)).run
    judged = read_frame(run.table("verifications"), "verifications")
    solutions = read_frame(run.solutions, "solutions")
    assert len(judged) == 16
    right = judged["verdict"].astype(bool).to_numpy()
    correct = solutions["correct"].to_numpy()
    assert correct[right].mean() > correct.mean()
    samples = read_frame(run.table("samples"), "samples")
    assert (samples["role"] == "program").sum() == 4
