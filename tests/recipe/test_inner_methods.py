"""Methods inside methods are checked as those of the recipe, and told by their keys."""

from typing import ClassVar, Literal

import pytest

from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.refs import BackendRef, VerifierRef
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent

RECIPE = """
name: inner
dataset: {{type: nano, family: arithmetic, levels: [1], problems: 2}}
backend: {{type: nano, model: nano-solver}}
sampler:
  type: critical
  draw: {{temperature: 1.0{draw}}}
  critic: {critic}
verifiers:
  - {verifier}
policies: [first]
"""
GENRM = "{type: genrm, backend: {type: nano, model: nano-verifier}, prompt: PROMPT NAME}"


class Critical(SamplerPart):
    """Has a critic."""

    type: Literal["critical"] = "critical"
    draw: Independent = Independent()
    critic: VerifierRef


class ByAnother(Critical):
    """Draws by a model of its own."""

    prompt_models: ClassVar = {"draw": "other"}

    type: Literal["by-another"] = "by-another"
    other: BackendRef


class Prompting(SamplerPart):
    """Has a method of that name."""

    type: Literal["prompting"] = "prompting"

    def prompt(self) -> str:
        return ""


@pytest.fixture(autouse=True)
def parts_of_tests(own_parts):
    own_parts(Critical, ByAnother, Prompting)


def genrm(name: str = "", prompt: str = "nano-genrm") -> str:
    return GENRM.replace("PROMPT", prompt).replace("NAME", f", name: {name}" if name else "")


def recipe(critic: str, verifier: str, draw: str = ""):
    return parse_recipe(RECIPE.format(critic=critic, verifier=verifier, draw=draw))


def test_a_critic_s_verdicts_are_no_more_of_the_recipe_s():
    recipe(genrm("critic"), genrm())
    told = "sampler.critic: is called 'genrm', as verifiers.0. is"
    with pytest.raises(RecipeError, match=told):
        recipe(genrm(), genrm())


@pytest.mark.parametrize(
    ("critic", "draw", "key"),
    [
        ("nope", "", "sampler.critic"),
        ("nano-genrm", ", prompt: nope", "sampler.draw"),
    ],
)
def test_prompts_inside_are_told_by_their_key(critic, draw, key):
    with pytest.raises(RecipeError, match=rf"{key}.prompt: no prompt is called 'nope'"):
        recipe(genrm("critic", critic), genrm(), draw)


def test_two_critics_are_told_apart_too():
    two = f"{{type: critical, critic: {genrm('a')}, draw: {{temperature: 1.0}}}}"
    text = RECIPE.format(critic=genrm("a"), verifier=genrm("a"), draw="")
    with pytest.raises(RecipeError, match="is called 'a'"):
        parse_recipe(text)
    assert parse_recipe(f"{text.split('sampler:')[0]}sampler: {two}\npolicies: [first]\n")


def test_an_inner_sampler_asks_the_model_that_its_holder_says():
    served = "{type: openai, model: m, base_url: 'http://h/v1', raw: false}"
    chat = RECIPE.replace(
        "{{type: nano, model: nano-solver}}", served.replace("{", "{{").replace("}", "}}")
    )
    text = chat.format(critic=genrm("critic"), verifier=genrm(), draw=", prompt: nano-solver")
    with pytest.raises(RecipeError, match=r"sampler.draw.prompt: 'nano-solver' is a raw prompt"):
        parse_recipe(text)
    other = text.replace("type: critical", "type: by-another\n  other: {type: nano}")
    assert parse_recipe(other).sampler.draw.prompt == "nano-solver"


def test_a_method_called_prompt_is_no_template():
    text = RECIPE.split("sampler:")[0].format() + "sampler: {type: prompting}\npolicies: [first]\n"
    assert parse_recipe(text).sampler.type == "prompting"


JUDGE = "{type: pairwise, backend: {type: nano, model: nano-judge}, prompt: nano-pairwise}"
META = "{type: meta, backend: {type: nano, model: nano-grader}, prompt: nano-meta, verifier: INNER}"
BOTH = "{type: ensemble, verifiers: [INNER, {type: heimdall, prompt: nano-heimdall}]}"


def with_verifier(verifier: str):
    return parse_recipe(f"""
name: x
dataset: {{type: nano, levels: [2], problems: 2}}
backend: {{type: nano, model: nano-solver}}
sampler: {{type: independent, solutions: 4, max_tokens: 96}}
verifiers: [{verifier}]
policies: [first]
""")


@pytest.mark.parametrize("outer", [META, BOTH, BOTH.replace("INNER", META)])
def test_what_compares_solutions_has_no_score_of_one_at_any_depth(outer):
    with pytest.raises(RecipeError, match="a verifier that compares solutions"):
        with_verifier(outer.replace("INNER", JUDGE))


@pytest.mark.parametrize(
    "sampler",
    [
        "{type: refine, critic: INNER}",
        "{type: proof-pool, critic: INNER}",
        "{type: ab-mcts, critic: INNER}",
        "{type: contested, critic: INNER}",
        "{type: staged, stages: [{prompt: cot, max_tokens: 9, verifier: INNER}]}",
    ],
)
def test_what_compares_solutions_is_no_critic(sampler):
    recipe = f"""
dataset: {{type: nano, levels: [2], problems: 2}}
backend: {{type: nano, model: nano-solver}}
sampler: {sampler.replace("INNER", JUDGE)}
policies: [first]
"""
    with pytest.raises(RecipeError, match="a verifier that compares solutions"):
        parse_recipe(recipe)


@pytest.mark.parametrize("outer", ["INNER", META, BOTH.replace("INNER", META)])
def test_no_verifier_is_called_as_judgements_of_judgements_are(outer):
    named = "{type: genrm, name: meta/verdict, prompt: nano-genrm}"
    with pytest.raises(RecipeError, match=r"name: 'meta/verdict' has a '/'.*say 'meta-verdict'"):
        with_verifier(outer.replace("INNER", named))
