"""What a person at the prompt sees: exit codes, one message, never a traceback."""

import json
import subprocess
import sys

import pytest

COMMANDS = (
    "backends",
    "fit-scaling",
    "init",
    "list",
    "recipes",
    "run",
    "schema",
    "serve-model",
    "show",
    "status",
)
RECIPE = """
name: small
dataset: {type: nano, family: arithmetic, levels: [1], problems: 2}
backend: BACKEND
sampler: {type: independent, solutions: 2, max_tokens: 16}
policies: [majority]
engine: {max_attempts: 1, max_wait_s: 0.01}
"""


def ttc(folder, *words):
    command = [sys.executable, "-m", "ttc", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def recipe(folder, backend="{type: nano, model: nano-solver}"):
    (folder / "small.yaml").write_text(RECIPE.replace("BACKEND", backend))
    return "small.yaml"


def refused(done, code, *words):
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    for word in words:
        assert word in done.stderr


def test_missing_recipe(tmp_path):
    refused(ttc(tmp_path, "run", "missing.yaml"), 2, "missing.yaml")


def test_misspelt_key(tmp_path):
    refused(ttc(tmp_path, "run", recipe(tmp_path), "--set", "sampler.solution=3"), 2, "solution")


def test_unreachable_server(tmp_path):
    backend = "{type: openai, model: m, base_url: 'http://127.0.0.1:9/v1'}"
    refused(ttc(tmp_path, "run", recipe(tmp_path, backend)), 1, "127.0.0.1:9")


def test_unknown_model(tmp_path):
    done = ttc(tmp_path, "run", recipe(tmp_path, "{type: nano, model: no-such}"))
    refused(done, done.returncode, "no-such")
    assert done.returncode in (1, 2)


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    from typer.testing import CliRunner

    from ttc.cli._app import app

    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.output


def test_lists_and_schema(tmp_path):
    assert "genrm" in ttc(tmp_path, "list").stdout
    assert "quickstart" in ttc(tmp_path, "recipes").stdout
    assert "properties" in json.loads(ttc(tmp_path, "schema").stdout)


def test_a_starter_recipe_loads(tmp_path):
    from ttc.recipe import load_recipe

    assert ttc(tmp_path, "init", "my.yaml").returncode == 0
    assert load_recipe(tmp_path / "my.yaml").name
    refused(ttc(tmp_path, "init", "my.yaml"), 2, "--force")
