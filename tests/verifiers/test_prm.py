"""Process reward: what is read, how scores of steps become a score, and what a failure is."""

import asyncio
import math

import numpy as np
import pytest
from attempts import attempt_of
from readers import Reader, failed, scored

from ttc import nano
from ttc.core import Problem, Solution
from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.prm import PRM

PROBLEM = Problem("p", "1+1+1?", "3")


def solution(index, text="1+1=2\n\n2+1=3\n\nThe final answer is 3.", steps=()):
    return Solution("p", index, text, "3", 3, 4, "stop", steps=steps)


def verify(reader, given, **settings):
    part = PRM(**settings)
    return asyncio.run(part.verify(attempt_of(part, PROBLEM, reader), given))


def judged(completion, **settings):
    (found,) = verify(Reader(lambda _: completion), [solution(0)], **settings)
    return found


@pytest.mark.parametrize(
    ("aggregate", "score", "verdict"),
    [("last", 0.5, True), ("min", 0.25, False), ("product", 0.1, False), ("mean", 0.516667, True)],
)
def test_the_score_is_the_last_the_least_the_product_or_the_mean(aggregate, score, verdict):
    found = judged(scored(0.8, 0.25, 0.5), aggregate=aggregate)
    assert found.score == pytest.approx(score, abs=1e-6)
    assert found.verdict is verdict
    assert found.step_scores == (0.8, 0.25, 0.5)
    assert found.first_wrong_step == 1
    assert (found.prompt_tokens, found.completion_tokens, found.seconds) == (9, 0, 0.5)


def test_the_first_wrong_step_is_the_first_below_the_threshold():
    assert judged(scored(0.8, 0.6, 0.7), threshold=0.7).first_wrong_step == 1
    assert judged(scored(0.8, 0.7, 0.7), threshold=0.7).first_wrong_step is None


def test_steps_stand_behind_the_question_and_each_ends():
    reader = Reader(lambda passage: scored(*[0.9] * len(passage.steps)))
    verify(reader, [solution(0), solution(1, "a\n\nb", steps=("a\n\n", "b"))])
    first, second = reader.shown
    assert [m.content for m in first.messages] == ["1+1+1?"]
    assert first.steps == ("1+1=2\n\n", "2+1=3\n\n", "The final answer is 3.\n\n")
    assert second.steps == ("a\n\n", "b\n\n"), "as the method knows them"


def test_thoughts_are_not_scored():
    reader = Reader(lambda passage: scored(*[0.9] * len(passage.steps)))
    verify(reader, [solution(0, "<think>hm\n\nno</think>\nIt is 3.")], steps="line")
    assert reader.shown[0].steps == ("It is 3.\n",)


@pytest.mark.parametrize(
    ("reading", "reason"),
    [
        (failed("context_length"), "context_length"),
        (failed("gave_up"), "gave_up"),
        (scored(0.9, 0.9), "wrong_number_of_scores"),
        (scored(), "wrong_number_of_scores"),
        (scored(0.9, math.nan, 0.9), "no_probability"),
        (scored(0.9, 1.5, 0.9), "no_probability"),
    ],
)
def test_a_failed_score_has_a_name_and_is_no_score(reading, reason):
    found = judged(reading)
    assert (found.score, found.verdict, found.step_scores) == (None, None, ())
    assert found.first_wrong_step is None
    assert found.finish_reason == reason


def test_a_solution_without_a_step_is_not_read():
    reader = Reader(lambda _: scored(0.9))
    found = verify(reader, [solution(0, " \n"), solution(1, "It is 3.")])
    assert [(v.finish_reason, v.score) for v in found] == [("no_steps", None), ("read", 0.9)]
    assert len(reader.shown) == 1


def test_only_the_first_solutions_are_verified_when_so_asked():
    reader = Reader(lambda passage: scored(*[0.9] * len(passage.steps)))
    found = verify(reader, [solution(i) for i in range(5)], solutions=2)
    assert [v.solution_index for v in found] == [0, 1]
    assert PRM(solutions=9).most_samples(5) == {"verifier": 5}
    assert PRM().fewer(3, 1).solutions == 3


RECIPE = """
name: prm
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers: [{type: prm, backend: {type: nano, model: MODEL}, prompt: nano-solver, steps: line}]
policies: [best_of_n]
results: RESULTS
"""


def recipe(folder, model="nano-prm", more=""):
    text = RECIPE.replace("MODEL", model).replace("RESULTS", str(folder))
    return parse_recipe(text + more)


def test_scores_of_a_run_are_those_of_the_network(tmp_path):
    outcome = run_recipe(recipe(tmp_path))
    run = outcome.run
    solutions = read_frame(run.solutions, "solutions")
    problems = read_frame(run.problems, "problems").set_index("problem_id")["question"]
    table = read_frame(run.verifications, "verifications")
    network = nano.load("nano-prm")
    both = table.merge(solutions, on=["problem_id", "solution_index"], suffixes=("", "_solution"))
    assert len(both) == 16
    for row in both.itertuples():
        lines = row.text_solution.splitlines()
        own = network.score_steps(problems[row.problem_id], lines)
        assert np.allclose(row.step_scores, own, atol=1e-6)
        assert row.score == pytest.approx(own[-1], abs=1e-6)
    used = outcome.manifest.ledger["roles"]["verifier"]
    assert (used["samples"], used["completion_tokens"]) == (16, 0)
    once = both.drop_duplicates(["problem_id", "text_solution"])
    assert len(once) < 16
    assert used["prompt_tokens"] == once["prompt_tokens"].sum(), "equal readings are paid for once"


def test_a_budget_that_ends_leaves_solutions_without_a_score(tmp_path):
    outcome = run_recipe(recipe(tmp_path, more="budget: {per_problem: {calls: 6}}\n"))
    table = read_frame(outcome.run.verifications, "verifications")
    assert 0 < len(table) < 16
    assert table["score"].notna().all()


def test_a_model_that_scores_no_steps_is_refused_before_the_first_call(tmp_path):
    with pytest.raises(RecipeError, match=r"verifiers\[0\]: 'prm' needs scores of reasoning steps"):
        recipe(tmp_path, "nano-solver")
