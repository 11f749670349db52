"""Judges that write, with their own prompts, on a served chat model."""

import pytest

from ttc.errors import RecipeError
from ttc.pipeline.planning.roles import planned_roles
from ttc.recipe import parse_recipe

RECIPE = """
name: served
dataset: {{type: nano, family: arithmetic, levels: [1], problems: 2}}
backend: {{type: openai, model: m, base_url: 'http://h/v1', prefill: {prefill}}}
sampler: {{type: independent, solutions: 2, prompt: cot}}
verifiers: [{verifier}]
"""
BEGUN = "continue_final_message"
GRADER = "{type: genrm, name: grader, prompt: grade, score: boxed}"


def recipe(verifier, prefill=BEGUN):
    return parse_recipe(RECIPE.format(verifier=verifier, prefill=prefill))


@pytest.mark.parametrize(
    "verifier",
    [
        "thinkprm",
        "{type: thinkprm, rounds: 4}",
        "genprm",
        "heimdall",
        "opv",
        "{type: opv, summary_prompt: null}",
        f"{{type: meta, verifier: {GRADER}}}",
        GRADER,
        "{type: genrm, prompt: genrm-score, score: expectation, criteria: [the reasoning, rigour]}",
    ],
)
def test_their_own_prompts_fit(verifier):
    assert recipe(verifier).verifiers


@pytest.mark.parametrize("verifier", ["{type: thinkprm, rounds: 2}", "genprm"])
def test_what_goes_on_with_a_begun_answer_needs_a_server_that_does(verifier):
    with pytest.raises(RecipeError, match="the continuation of a begun answer"):
        recipe(verifier, "none")
    assert recipe("thinkprm", "none").verifiers


def test_a_prompt_that_shows_what_is_unknown_is_refused():
    with pytest.raises(RecipeError, match="summary"):
        recipe("{type: heimdall, prompt: opv}")
    with pytest.raises(RecipeError, match="summary_prompt"):
        recipe("{type: opv, summary_prompt: meta}")
    with pytest.raises(RecipeError, match="see `criteria`"):
        recipe("{type: genrm, prompt: genrm-score, score: expectation}")


@pytest.mark.parametrize(
    ("verifier", "samples", "exact"),
    [
        ("{type: thinkprm, verifications: 3}", 6, True),
        ("{type: thinkprm, verifications: 3, rounds: 2}", 18, False),
        ("{type: heimdall, verifications: 3}", 6, True),
        ("{type: opv, verifications: 3}", 8, False),
        ("{type: genprm, most_steps: 4}", 40, False),
    ],
)
def test_a_plan_says_how_many_samples_or_at_most(verifier, samples, exact):
    role = planned_roles(recipe(verifier))[-1]
    assert (role.samples, role.exact) == (samples, exact)
