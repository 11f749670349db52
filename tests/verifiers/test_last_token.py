"""The reward of one reserved token: the published formula, what is read for it, what it costs."""

import asyncio
import math

import pytest
from attempts import attempt_of
from pydantic import ValidationError
from readers import Reader, failed

from ttc import nano
from ttc.attempt.prefixes import Opening, plain_text
from ttc.core import Completion, Message, Problem, Prompt, Sample, TokenLogprob
from ttc.errors import RecipeError, UsageError
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.last_token import LastToken

PROBLEM = Problem("p", "1+1?", "2")
RAW = Prompt(text="Problem: 1+1?\nSolution:\n")
CHAT = Prompt(messages=(Message("user", "1+1?"),), prefill="So ")


def says(*logprobs):
    return Completion("", "read", 9, 0, logprobs=tuple(TokenLogprob("z", p) for p in logprobs))


def verify(said, text="The answer is \\boxed{2}.", prompt=RAW, reference=None, **settings):
    reader = Reader(lambda _: said)
    models = {} if reference is None else {"reference": Reader(lambda _: reference, "ref")}
    if reference is None:
        settings = {"c_ref": -23.0, **settings}
    else:
        settings["reference"] = {"type": "nano"}
    part = LastToken(token="<z>", **settings)
    attempt = attempt_of(part, PROBLEM, reader, **models)
    attempt._record.number(reader, Opening.of(plain_text(prompt)))  # as if the reader had drawn it
    solution = attempt.solution(text, [Sample(0, Completion(text, "stop", 3, 4), prompt)])
    (found,) = asyncio.run(part.verify(attempt, [solution]))
    return found, reader


@pytest.mark.parametrize(
    ("logprob", "raw", "score", "verdict"),
    [
        (-16.0, 0.7, 0.7, True),
        (-19.0, 0.4, 0.4, False),
        (-18.0, 0.5, 0.5, False),  # more than a half is a yes
        (-10.0, 1.3, 1.0, True),
        (-26.0, -0.3, 0.0, False),
    ],
)
def test_the_score_is_beta_times_what_exceeds_the_reference(logprob, raw, score, verdict):
    found, _ = verify(says(logprob))
    assert found.raw == pytest.approx(raw), "not clipped"
    assert found.score == pytest.approx(score)
    assert found.verdict is verdict
    assert (found.prompt_tokens, found.completion_tokens) == (9, 0)


def test_a_reference_models_own_probability_is_the_exact_form():
    found, _ = verify(says(-16.0), reference=says(-20.0), beta=0.2)
    assert found.raw == found.score == pytest.approx(0.8)
    assert found.prompt_tokens == 18, "of both models"
    part = LastToken(token="z", reference={"type": "nano"})
    assert part.most_samples(4) == {"verifier": 4, "reference": 4}
    assert part.needs == {"text_logprobs": 1, "reference.text_logprobs": 1}


def test_the_token_stands_behind_the_solution_where_the_solver_wrote_it():
    _, reader = verify(says(-16.0), text="\\boxed{2}")
    (shown,) = reader.shown
    assert (shown.text, shown.prefill, shown.steps) == (RAW.text, "\\boxed{2}", ("<z>",))
    assert shown.kind == "logprobs"
    _, reader = verify(says(-16.0), text="\\boxed{2}", prompt=CHAT, between="<end>")
    (shown,) = reader.shown
    assert shown.messages == CHAT.messages
    assert shown.prefill == "So \\boxed{2}<end>"


def test_no_answer_scores_nothing_and_costs_nothing():
    found, reader = verify(says(-16.0), text="I don't know.")
    assert (found.score, found.verdict, found.finish_reason) == (0.0, False, "no_answer")
    assert reader.shown == []


def test_a_failed_reading_has_a_name_and_is_no_score():
    found, _ = verify(failed("context_length"))
    assert (found.score, found.raw, found.verdict) == (None, None, None)
    assert found.finish_reason == "context_length"
    found, _ = verify(says(-math.inf))
    assert (found.score, found.finish_reason) == (None, "no_probability")


def test_a_text_that_is_several_tokens_is_no_reserved_one():
    with pytest.raises(UsageError, match="reads the token '<z>' as 3 tokens"):
        verify(says(-1.0, -2.0, -3.0))


def test_one_of_two_references_must_be_named():
    for given in ({}, {"c_ref": -23.0, "reference": {"type": "nano"}}):
        with pytest.raises(ValidationError, match="either c_ref"):
            LastToken(token="z", **given)


RECIPE = r"""
name: last
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers: [{type: last-token, token: "\ufffd", c_ref: -23.0, BACKEND}]
policies: [best_of_n]
results: RESULTS
"""


def recipe(folder, backend="solutions: 4"):
    return parse_recipe(RECIPE.replace("BACKEND", backend).replace("RESULTS", str(folder)))


def test_scores_of_a_run_are_those_of_the_network(tmp_path):
    outcome = run_recipe(recipe(tmp_path))
    run = outcome.run
    table = read_frame(run.verifications, "verifications")
    solutions = read_frame(run.solutions, "solutions")
    problems = read_frame(run.problems, "problems").set_index("problem_id")["question"]
    both = table.merge(solutions, on=["problem_id", "solution_index"], suffixes=("", "_solution"))
    network = nano.load("nano-solver")
    assert len(both) == 16
    for row in both[both["raw_score"].notna()].itertuples():
        prompt = f"Problem: {problems[row.problem_id]}\nSolution:\n{row.text_solution}"
        ((token,),) = nano.token_logprobs(network, [network.text(prompt, ["\ufffd"])])
        assert row.raw_score == pytest.approx(0.1 * (token[1] + 23.0), abs=1e-5)


def test_the_network_that_was_taught_it_rewards_right_solutions_more(tmp_path):
    own = recipe(tmp_path, "backend: {type: nano, model: nano-roles}")
    chosen = own.model_copy(update={"dataset": own.dataset.model_copy(update={"problems": 24})})
    run = run_recipe(chosen).run
    table = read_frame(run.verifications, "verifications")
    solutions = read_frame(run.solutions, "solutions")
    both = table.merge(solutions, on=["problem_id", "solution_index"], suffixes=("", "_solution"))
    mean = both.groupby("correct", observed=True)["score"].mean()
    assert mean[True] > mean[False] + 0.2


def test_the_solver_computes_no_more_than_the_token(tmp_path):
    """What it has read and written is in its cache; another model has all of it to read."""
    own = run_recipe(recipe(tmp_path / "own")).manifest.ledger["roles"]["verifier"]
    other = recipe(tmp_path / "other", "backend: {type: nano, model: nano-verifier}")
    others = run_recipe(other).manifest.ledger["roles"]["verifier"]
    assert own["samples"] == others["samples"]
    assert own["prompt_tokens"] <= 3 * own["samples"]
    assert others["prompt_tokens"] > 10 * others["samples"]


def test_a_model_that_tells_no_probabilities_of_texts_is_refused(tmp_path):
    with pytest.raises(RecipeError, match="'last-token' needs log-probabilities of given texts"):
        recipe(tmp_path, "backend: {type: openai, model: m, base_url: 'http://h/v1'}")
