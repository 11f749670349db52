"""Yes or No in one token: what is asked, and the score that is read."""

import asyncio
import math

import pytest
from attempts import attempt_of

from ttc.core import Capabilities, Completion, ModelIdentity, Problem, Solution, TokenLogprob
from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.genrm_direct import GenRMDirect

PROBLEM = Problem("p", "1+1?", "2")
ONE = Solution("p", 0, "<think>1?</think>It is 2.", "2", 3, 4, "stop")


class Judge:
    """Answers with one completion, and remembers what it was asked."""

    identity = ModelIdentity("test", "judge")

    def __init__(self, completion, logprobs=20):
        self.completion, self.asked = completion, []
        self.capabilities = Capabilities(logprobs=logprobs)

    async def sample(self, prompt, params, n, **_):
        self.asked.append((prompt, params, n))
        return [self.completion] * n


def said(text, **top):
    found = {name: math.log(p) for name, p in top.items()}
    return Completion(text, "length", 7, 1, logprobs=(TokenLogprob(text, -0.1, found),))


def verify(judge, given=(ONE,), **settings):
    part = GenRMDirect(**settings)
    return asyncio.run(part.verify(attempt_of(part, PROBLEM, judge), given))


def test_one_token_is_asked_for_with_its_alternatives():
    judge = Judge(said("Yes", Yes=0.6, No=0.2))
    (found,) = verify(judge)
    ((prompt, params, n),) = judge.asked
    assert (params.max_tokens, params.temperature, params.logprobs, n) == (1, 0, 20, 1)
    assert "It is 2." in prompt.messages[-1].content
    assert "<think>" not in prompt.messages[-1].content
    assert found.score == found.p_yes == pytest.approx(0.75)
    assert (found.verdict, found.text, found.finish_reason) == (True, "Yes", "length")
    assert (found.prompt_tokens, found.completion_tokens) == (7, 1)


def test_no_more_alternatives_than_the_model_gives():
    judge = Judge(said("No", Yes=0.1, No=0.3), logprobs=5)
    (found,) = verify(judge)
    assert judge.asked[0][1].logprobs == 5
    assert (found.score, found.verdict) == (pytest.approx(0.25), False)


def test_what_is_no_answer_has_no_score():
    (found,) = verify(Judge(said("Well", Well=0.9)))
    assert (found.score, found.p_yes, found.verdict) == (None, None, None)
    (found,) = verify(Judge(Completion("", "context_length", 0, 0, error="too long")))
    assert (found.score, found.finish_reason) == (None, "context_length")


RECIPE = """
name: direct
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers:
  - {type: genrm-direct, backend: BACKEND, prompt: nano-direct, solutions: 3}
policies: [best_of_n]
"""


def recipe(backend):
    return parse_recipe(RECIPE.replace("BACKEND", backend))


def test_a_run_scores_each_solution_by_one_token(tmp_path):
    chosen = recipe("{type: nano, model: nano-grader}").model_copy(
        update={"results": str(tmp_path)}
    )
    outcome = run_recipe(chosen)
    table = read_frame(outcome.run.verifications, "verifications")
    assert len(table) == 12
    assert table["score"].between(0, 1).all()
    assert (table["completion_tokens"] == 1).all()
    assert outcome.manifest.ledger["roles"]["verifier"]["samples"] == 12
    solutions = read_frame(outcome.run.solutions, "solutions")
    both = table.merge(solutions[["problem_id", "solution_index", "correct"]])
    mean = both.groupby("correct", observed=True)["score"].mean()
    assert mean[True] > mean[False]


def test_a_model_without_probabilities_is_refused_before_the_first_call():
    with pytest.raises(RecipeError, match=r"verifiers\[0\].logprobs: 'genrm-direct' needs token"):
        recipe("{type: openai, model: m, base_url: 'http://h/v1', max_logprobs: 0}")
