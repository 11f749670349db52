"""The solver's own confidence as a verifier: what it reads, and what recipes it refuses."""

import asyncio
import math

import pytest
from attempts import attempt_of

from ttc.core import (
    Capabilities,
    Completion,
    ModelIdentity,
    Problem,
    Prompt,
    Sample,
    TokenLogprob,
)
from ttc.errors import RecipeError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe, parse_recipe
from ttc.store.tables import read_frame
from ttc.verifiers.confidence import Confidence

PROBLEM = Problem("p", "1+1?", "2")


class Judge:
    identity = ModelIdentity("test", "judge")
    capabilities = Capabilities(logprobs=20)

    def __init__(self, **top):
        self.top, self.asked = {k: math.log(p) for k, p in top.items()}, []

    async def sample(self, prompt, params, n, **_):
        self.asked.append((prompt, params))
        said = TokenLogprob("A", -0.1, self.top)
        return [Completion("A", "length", 7, 1, logprobs=(said,))] * n


def token(confidence):
    return TokenLogprob("t", -0.25, {"t": -0.5 * confidence, "u": -1.5 * confidence})


def verify(*completions, judge=None, **settings):
    """The verification of a solution that is made of samples with these completions."""
    part = Confidence(**settings)
    attempt = attempt_of(part, PROBLEM, judge or Judge())
    samples = [Sample(i, one, Prompt(text="q")) for i, one in enumerate(completions)]
    solution = attempt.solution("".join(c.text for c in completions), samples)
    (found,) = asyncio.run(part.verify(attempt, [solution]))
    return found


def drawn(*confidences):
    tokens = tuple(map(token, confidences))
    return Completion("It is 2.", "stop", 3, len(tokens), -0.25, tokens)


def test_the_measure_is_kept_in_nats_and_squashed_into_a_score():
    found = verify(drawn(1, 2, 3, 6), measure="mean", top=2)
    assert found.raw == pytest.approx(3.0)
    assert found.score == pytest.approx(3 / 13)
    assert verify(drawn(1, 2, 3, 6), measure="mean", top=2, scale=3).score == pytest.approx(0.5)
    assert (found.prompt_tokens, found.completion_tokens, found.verdict) == (0, 0, None)


def test_all_samples_of_a_solution_count():
    found = verify(drawn(1, 2), drawn(3, 8), measure="lowest_group", window=2)
    assert found.raw == pytest.approx(1.5)
    assert verify(drawn(1, 2), drawn(3, 8), measure="tail", window=2).raw == pytest.approx(5.5)


def test_likelihoods_are_probabilities():
    found = verify(drawn(1, 2, 3, 6), measure="likelihood")
    assert (found.raw, found.score) == (pytest.approx(-1.0), pytest.approx(math.exp(-1)))
    found = verify(drawn(1, 2, 3, 6), measure="mean_logprob")
    assert (found.raw, found.score) == (pytest.approx(-0.25), pytest.approx(math.exp(-0.25)))


@pytest.mark.parametrize("measure", ["mean", "self_certainty", "likelihood", "mean_logprob"])
def test_a_solution_without_probabilities_is_invalid_and_says_why(measure):
    found = verify(Completion("It is 2.", "stop", 3, 4), measure=measure)
    assert (found.score, found.raw, found.finish_reason) == (None, None, "no_logprobs")


def test_p_true_asks_for_one_token():
    judge = Judge(A=0.6, B=0.2, Hm=0.1)
    found = verify(drawn(1, 2), judge=judge, measure="p_true")
    ((prompt, params),) = judge.asked
    assert (params.max_tokens, params.logprobs) == (1, 20)
    assert "It is 2." in prompt.messages[-1].content
    assert found.score == found.p_yes == pytest.approx(0.75)
    assert (found.verdict, found.raw, found.completion_tokens) == (True, None, 1)
    assert Confidence(measure="p_true").most_samples(4) == {"verifier": 4}
    assert Confidence().most_samples(4) == {}


RECIPE = """\
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
verifiers: [{type: confidence, VERIFIER}]
policies: [best_of_n, weighted_majority]
results: RESULTS
"""
DRAW = "{type: independent, solutions: 4, temperature: 1.0, max_tokens: 64, SET}"


def text(sampler, verifier="window: 4", results="results"):
    chosen = sampler if sampler.startswith("{") else DRAW.replace("SET", sampler)
    found = RECIPE.replace("SAMPLER", chosen).replace("VERIFIER", verifier)
    return found.replace("RESULTS", str(results))


def complaint(recipe):
    """What a recipe is told; an empty text where it is one."""
    try:
        parse_recipe(recipe, "r.yaml")
    except RecipeError as error:
        return str(error)
    return ""


def test_a_recipe_whose_samples_lack_probabilities_is_refused():
    told = complaint(text("top_k: 5"))
    assert told == (
        "r.yaml:3: sampler.top_logprobs: 'confidence' reads the 20 likeliest tokens at each "
        "place; set top_logprobs: 20"
    )
    assert "set top_logprobs: 3" in complaint(text("top_logprobs: 2", "top: 3"))
    assert complaint(text("top_logprobs: 5", "top: 5")) == ""
    inner = "{type: adaptive, draw: {type: independent, top_logprobs: 1}, rule: esc}"
    assert "sampler.draw.top_logprobs: 'confidence' reads" in complaint(text(inner))


def test_likelihoods_need_less_of_the_sampler():
    told = complaint(text("top_k: 5", "measure: likelihood"))
    assert "sampler.logprobs: 'confidence' reads log-probabilities; set logprobs: true" in told
    for kept in ("logprobs: true", "top_logprobs: 1"):
        assert complaint(text(kept, "measure: mean_logprob")) == ""
    assert complaint(text("top_k: 5", "measure: p_true")) == ""


def test_a_run_reads_what_the_sampler_kept(tmp_path):
    outcome = run_recipe(parse_recipe(text("top_logprobs: 20", "window: 4", tmp_path)))
    table = read_frame(outcome.run.verifications, "verifications")
    assert len(table) == 16
    assert table["score"].between(0, 1).all()
    assert table["raw_score"].gt(0).all()
    assert "verifier" not in outcome.manifest.ledger["roles"], "it costs nothing"


def test_a_run_asks_the_solver_whether_it_is_true(tmp_path):
    chosen = text("top_k: 20", "measure: p_true, prompt: nano-direct", tmp_path)
    outcome = run_recipe(parse_recipe(chosen))
    table = read_frame(outcome.run.verifications, "verifications")
    assert len(table) == 16
    assert outcome.manifest.ledger["roles"]["verifier"]["completion_tokens"] == 16


def test_what_asks_for_nothing_costs_nothing(tmp_path):
    changes = ("dataset.problems=3", "sampler.solutions=4", f"results={tmp_path}")
    outcome = run_recipe(load_recipe("verifiers/confidence", changes))
    curves = read_frame(outcome.run.curves, "curves")
    plain = curves[curves["policy"] == "majority"].set_index("S")
    judged = curves[(curves["policy"] == "weighted_majority")].set_index("S")
    for unit in ("calls", "tokens", "flops"):
        assert judged.loc[4, unit].tolist() == pytest.approx([plain.loc[4, unit]] * 3)
