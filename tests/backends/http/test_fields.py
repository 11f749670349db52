"""What a recipe may not say of requests: what ttc decides, and keys."""

from __future__ import annotations

import json

import pytest

from ttc.backends.openai import OpenAI
from ttc.errors import RecipeError
from ttc.recipe import parse_recipe, resolve

SECRET = "planted-0f9e8d7c6b5a"
OPENAI = "type: openai\n  model: m\n  base_url: http://h/v1"
LITELLM = "type: litellm\n  model: openai/m\n  api_base: http://h/v1"
both = pytest.mark.parametrize("kind", [OPENAI, LITELLM], ids=["openai", "litellm"])


def parse(kind: str, more: str, *overrides: str):
    dataset = "dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}"
    return parse_recipe(f"{dataset}\nbackend:\n  {kind}\n  {more}\n", "a.yaml", overrides)


def refused(*given: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse(*given)
    return str(caught.value)


@both
@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("n: 16", "n_per_call"),
        ("best_of: 4", "n_per_call"),
        ("max_tokens: 900", "sampler"),
        ("max_completion_tokens: 900", "sampler"),
        ("max_new_tokens: 900", "sampler"),
        ("stream: true", "whole"),
        ("model: other", "`model`"),
        ("models: [other]", "`model`"),
        ("messages: []", "`prompt`"),
        ("prompt: hi", "`prompt`"),
        ("seed: 1", "`seed`"),
        ("temperature: 2", "sampler"),
        ("top_p: 0.5", "sampler"),
        ("stop: [x]", "prompt"),
        ("logprobs: true", "max_logprobs"),
        ("top_logprobs: 20", "max_logprobs"),
        ("Max-Tokens: 900", "sampler"),
    ],
)
def test_what_ttc_decides_is_not_to_be_added(kind, field, fix):
    name = field.partition(":")[0]
    said = refused(kind, f"extra_body:\n    min_p: 0.1\n    {field}")
    assert said.startswith(f"a.yaml:8: backend.extra_body.{name}: ttc decides this field")
    assert fix in said
    said = refused(kind, "n_per_call: 2", f"backend.extra_body={{{field}}}")
    assert said.startswith("--set backend.extra_body=")
    assert len(said.splitlines()) == 1


@both
@pytest.mark.parametrize(
    ("field", "fix"),
    [
        ("max_tokens", "budgets rest on it"),
        ("max_completion_tokens", "budgets rest on it"),
        ("n", "n_per_call: 1"),
        ("logprobs", "max_logprobs: 0"),
        ("model", "which model"),
        ("messages", "prompt"),
    ],
)
def test_what_an_experiment_rests_on_is_not_to_be_left_out(kind, field, fix):
    said = refused(kind, f"omit: [seed, {field}]")
    assert said.startswith(f"a.yaml:6: backend.omit[1]: '{field}' can't be left out")
    assert fix in said


@both
def test_what_servers_have_of_their_own_is_theirs(kind):
    recipe = parse(
        kind,
        "omit: [seed, top_p, stop, temperature]\n  extra_body: {top_k: 0, min_p: 0.0, "
        "prompt_cache_key: a, stop_token_ids: [2], ignore_eos: true, user: me, "
        "response_format: {type: json_schema, json_schema: {name: a, schema: {n: 1}}}}",
    )
    assert recipe.backend.extra_body["top_k"] == 0
    assert len(recipe.backend.omit) == 4


@both
@pytest.mark.parametrize(
    "field",
    [
        f"api_key: {SECRET}",
        f"X-Api-Key: {SECRET}",
        f"authorization: Bearer {SECRET}",
        f"headers: {{X-Mine: {SECRET}}}",
        f"extra_headers: {{Authorization: Bearer {SECRET}}}",
        f"provider: {{keys: [{{access_token: {SECRET}}}]}}",
    ],
)
def test_keys_are_not_to_be_added_nor_quoted(kind, field):
    for given in ([f"extra_body: {{{field}}}"], ["raw: true", f"backend.extra_body={{{field}}}"]):
        said = refused(kind, *given)
        assert "environment variable" in said
        assert "api_key_env" in said
        assert SECRET not in said


@both
@pytest.mark.parametrize(
    "pasted",
    [
        "sk-proj-Ab3dEf6hIj9kLm2n",
        "sk_live_51HyTq2eZvKYlo2C9f8e",
        "gsk_a8Kd93jfKd93jJd93kd0",
        "'Bearer abcdefgh1234'",
        "''",
        "12345678901234567890",
    ],
)
def test_a_key_where_its_variables_name_belongs_is_not_quoted(kind, pasted):
    plain = pasted.strip("'")
    for given in (
        [f"api_key_env: {pasted}"],
        ["raw: true", f"backend.api_key_env={pasted}"],
    ):
        if not plain and len(given) > 1:
            continue
        said = refused(kind, *given)
        assert "backend.api_key_env: must be the NAME of an environment variable" in said
        assert not plain or plain not in said


@both
@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "_k", "myKey2", "MY_TEAM_OPENAI_KEY_2024_V2"])
def test_names_of_variables(kind, name):
    assert parse(kind, f"api_key_env: {name}").backend.api_key_env == name


def test_programs_are_told_without_the_key_too():
    with pytest.raises(ValueError, match="NAME of an environment variable") as caught:
        OpenAI(model="m", base_url="http://h/v1", api_key_env=f"sk-{SECRET}")
    assert SECRET not in str(caught.value)


def test_what_is_kept_of_a_recipe_can_be_loaded_again():
    recipe = parse(OPENAI, "extra_body: {min_p: 0.1}\n  served_as: w\n  omit: [seed]")
    stored = json.loads(json.dumps(resolve(recipe)))["backend"]
    assert OpenAI(**stored) == recipe.backend
