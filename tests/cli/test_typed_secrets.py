"""Keys that somebody writes where none belongs: no message repeats them."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import ttc

from ttc import redact
from ttc.cli._typed import secrets_typed
from ttc.errors import RecipeError
from ttc.recipe import parse_recipe
from ttc.recipe.sections import CostSection, read_sections
from ttc.secret_names import like_a_key, speaks_of_secret

KEY = "sk-planted-0f9e8d7c6b5a4f3e2d1c4b5a69788796a5b4c3d2e1f0"
WORD = "hunter2horse"
URL = "http://127.0.0.1:9/v1"
RECIPE = f"""
dataset: nano
backend: {{type: openai, model: m, base_url: '{URL}'}}
sampler: {{type: independent, solutions: 2, max_tokens: 8, prompt: cot}}
policies: [majority]
"""


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(redact, "_told", set())


def complaint(text: str, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, "r.yaml", overrides)
    return str(caught.value)


@pytest.mark.parametrize("secret", [KEY, WORD, "pass word=[", "*horse2battery", "!tag3staple x"])
@pytest.mark.parametrize(
    "place",
    [
        "backend.api_key=SECRET",
        "backend.apiKey=SECRET",
        "backend.password=SECRET",
        "backend.pwd=SECRET",
        "backend.x-api-key=SECRET",
        "api_key=SECRET",
        "api_key.0.deep=SECRET",
        "OPENAI_API_KEY=SECRET",
        "backend.api_key=[SECRET",
        "backend.api_key={a: SECRET",
        "backend.api_key='SECRET",
        "backend={type: openai, model: m, token: SECRET",
        "backend={type: openai, model: m, api_key: SECRET}",
        "backend.credentials={user: SECRET}",
        "backend.extra_body={auth: {user: [SECRET]}}",
        "backend.extra_body.api_key=SECRET",
    ],
)
def test_the_value_of_a_key_like_override_is_told_by_its_path_alone(place, secret):
    said = complaint(RECIPE, place.replace("SECRET", secret))
    assert said.startswith(f"--set {place.partition('=')[0]}=")
    for part in (secret, secret.strip("*! ")[:12], secret[-8:]):
        assert part not in said


@pytest.mark.parametrize(
    "place",
    [
        "SECRET",
        "SECRET=1",
        "backend.SECRET=1",
        "sampler.solutions=SECRET",
        "backend.timeout=SECRET",
        "policies=SECRET",
        "policies.0=SECRET",
        "backend.type=SECRET",
        "backend.base_url=http://me:SECRET@h/v1",
        "backend.base_url=http://h/v1?k=SECRET",
        "backend.base_url=SECRET",
        "backend.api_key_env=SECRET",
        "sampler.prompt=SECRET",
        "seed=!SECRET x",
        "seed=*SECRET",
    ],
)
def test_what_looks_like_a_key_is_not_told_wherever_it_stands(place):
    said = complaint(RECIPE, place.replace("SECRET", KEY))
    assert "0f9e8d7c" not in said
    assert KEY[:16] not in said


@pytest.mark.parametrize(
    "line",
    [
        "api_key: SECRET",
        "api_key: *SECRET",
        "password: &SECRET",
        "token: !SECRET x",
        "token: !!int SECRET",
        "api_key: 'SECRET",
        "api_key: [SECRET",
        "api_key: SECRET: x",
        "sampler: {api_key: SECRET",
        "x-keys: {api_key: SECRET}\nseed: SECRET",
    ],
)
@pytest.mark.parametrize("secret", [KEY, WORD])
def test_a_recipe_file_with_a_key(line, secret):
    said = complaint(RECIPE + line.replace("SECRET", secret) + "\n")
    assert said.startswith("r.yaml:")
    assert secret[:12] not in said
    assert secret[-8:] not in said


def test_sections_without_a_recipe():
    with pytest.raises(RecipeError) as caught:
        read_sections(CostSection, [f"cost.api_key={KEY}", f"cost.lambda={KEY}"])
    assert "0f9e8d7c" not in str(caught.value)


def test_other_values_are_told_as_ever():
    assert "must be a whole number, not 'lots'" in complaint(RECIPE, "sampler.solutions=lots")
    assert complaint(RECIPE, "backend.max_tokens_key=x").startswith(
        "--set backend.max_tokens_key=x: "
    )
    for name in ("max_tokens", "sampler.max_tokens", "api_key_env", "monkey", "cost.lambda"):
        assert not speaks_of_secret(name)
    for text in (
        "Qwen/Qwen2.5-7B-Instruct",
        "results/quickstart/s0-1f9c2ab4",
        "meta-llama/Llama-3.1-8B",
        "gpt-4.1-mini-2025-04-14",
        "arithmetic-2-0-0",
        "DeepSeek-R1-Distill-Qwen-1.5B",
        "http://localhost:8000/v1",
        "a-long-name-of-words-with-no-end-123",
    ):
        assert not like_a_key(text)


def test_what_a_command_line_gives_away():
    words = ["run", "x", "--set", "backend.api_key=abcd1234", "--password", "efgh5678"]
    words += [
        "--set",
        "api_token",
        "ijkl9012",
        "--api-key-env",
        "OPENAI_KEY",
        "http://me:mnop3456@h",
        "-x={key: 'qrst'}",
    ]
    assert secrets_typed(words) == {"abcd1234", "efgh5678", "ijkl9012", "mnop3456", "qrst"}


WORDS = {
    "run": ["run", "r.yaml", "--set", f"backend.api_key={KEY}"],
    "plan": ["plan", "r.yaml", "--set", f"backend.api_key={KEY}"],
    "doctor": ["doctor", "r.yaml", "--set", f"backend.password={KEY}"],
    "doctor of a url": ["doctor", f"http://me:{KEY}@127.0.0.1:9/v1", "--model", "m"],
    "doctor of a bad url": ["doctor", f"http://me:pa/ss{KEY}@h/v1", "--model", "m"],
    "import": ["import", "x", "--set", f"api_key={KEY}"],
    "simulate": ["simulate", "--set", f"api_key={KEY}"],
    "a blank": ["run", "r.yaml", "--set", "backend.password", WORD],
    "a variable": ["run", "r.yaml", f"OPENAI_API_KEY={KEY}"],
    "a word": ["run", "r.yaml", KEY],
    "an option": ["schema", f"--api-key={KEY}"],
    "serve": ["serve-model", "nano", "--set", f"api_key={KEY}"],
}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_no_command_repeats_a_key(tmp_path: Path, words):
    (tmp_path / "r.yaml").write_text(RECIPE)
    done = ttc(tmp_path, *words)
    assert done.returncode in (1, 2)
    assert "0f9e8d7c" not in done.stdout + done.stderr
    assert WORD not in done.stdout + done.stderr
    assert "fault of ttc" not in done.stderr
