"""What can't wait a day for each answer is refused while the recipe is read, with key and fix."""

import pytest

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe, recipe_hash

RECIPE = """\
dataset: nano
backend: {{type: openai, model: m, base_url: 'http://h/v1', {prefill}, {mode}}}
sampler: {sampler}
verifiers: [{verifiers}]
"""
GENRM = "{type: genrm, solutions: 2, verifications: 2}"
PREFILL = "prefill: continue_final_message"
OWN = f"backend: {{type: openai, model: v, base_url: 'http://v/v1', {PREFILL}}}"


def recipe(sampler="independent", verifiers="", mode="mode: batch"):
    parts = {"sampler": sampler, "verifiers": verifiers, "mode": mode}
    return parse_recipe(RECIPE.format(**parts, prefill=PREFILL))


@pytest.mark.parametrize(
    "verifiers",
    [
        GENRM,
        "{type: genrm-direct}",
        "{type: self-verify, context: new, prompt: genrm-base, verifications: 2}",
        "{type: thinkprm, verifications: 2}",
        "{type: meta, verifier: {type: genrm, prompt: genrm-base, verifications: 1}}",
    ],
)
def test_what_asks_a_known_number_of_times_may_wait(verifiers):
    assert recipe(verifiers=verifiers).verifiers


@pytest.mark.parametrize(
    "sampler",
    [
        "{type: adaptive, rule: esc, most: 8}",
        "{type: refine, critic: {type: genrm}}",
        "{type: mixture, draws: [{type: independent}, {type: independent, temperature: 1}]}",
    ],
)
def test_a_sampler_that_goes_by_what_came_before_is_refused(sampler):
    recipe(sampler, mode="mode: now")
    with pytest.raises(RecipeError) as caught:
        recipe(sampler)
    said = str(caught.value)
    assert "recipe.yaml:3: sampler: " in said or "sampler: '" in said
    assert "asks its model again and again" in said
    assert "leave `mode: batch` out of that backend, or use `sampler: independent`" in said


def test_a_verifier_of_several_rounds_needs_a_backend_of_its_own():
    rounds = "type: thinkprm, rounds: 3, verifications: 2"
    with pytest.raises(RecipeError, match=r"verifiers\[0\].*verifiers\[0\]\.backend"):
        recipe(verifiers=f"{{{rounds}}}")
    assert recipe(verifiers=f"{{{rounds}, {OWN}}}").verifiers


def test_batches_stand_at_one_server():
    with pytest.raises(RecipeError, match="batches stand at one server; give base_url"):
        parse_recipe(
            "dataset: nano\nbackend: {type: openai, model: m, mode: batch, "
            "base_urls: ['http://a/v1', 'http://b/v1']}\n"
        )


def test_how_batches_are_gathered_makes_no_other_run_and_the_mode_does():
    plain, batch = recipe(mode="mode: now"), recipe()
    quick = recipe(mode="mode: batch, batch: {gather_s: 1, poll_s: 5, expired: fail}")
    assert recipe_hash(batch) == recipe_hash(quick) != recipe_hash(plain)
    assert recipe_hash(plain) == recipe_hash(recipe(mode="check_model: true"))
