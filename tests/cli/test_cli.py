"""What a person at the prompt sees: exit codes, one message, never a traceback."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from processes import ttc

from ttc import __version__
from ttc.installing import with_extra

COMMANDS = (
    "backends",
    "curves",
    "doctor",
    "fit-scaling",
    "import",
    "init",
    "list",
    "recipes",
    "run",
    "schema",
    "serve-model",
    "show",
    "simulate",
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


def program(folder, *words):
    """As a shell starts it, which imports no more than it needs."""
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
    done = ttc(tmp_path, "run", recipe(tmp_path, "{type: nano, model: nano-slover}"))
    refused(done, 2, "small.yaml:4: backend.model", "did you mean 'nano-solver'?")
    assert not (tmp_path / "results").exists()


def test_a_name_that_does_not_resolve(tmp_path):
    backend = "{type: openai, model: m, base_url: 'http://no-such-host.invalid/v1'}"
    done = ttc(tmp_path, "run", recipe(tmp_path, backend))
    refused(done, 1, "no-such-host.invalid", "is the URL right?")


def test_a_key_that_is_not_set(tmp_path):
    backend = "{type: openai, model: m, api_key_env: NO_SUCH_KEY}"
    refused(ttc(tmp_path, "run", recipe(tmp_path, backend)), 1, "NO_SUCH_KEY is not set")


def test_a_model_that_the_server_lacks(tmp_path):
    command = [sys.executable, str(Path(__file__).parent / "echoing_server.py"), "good"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        backend = f"{{type: openai, model: other, base_url: '{url}'}}"
        done = ttc(tmp_path, "run", recipe(tmp_path, backend))
        server.kill()
    refused(done, 1, "has no model 'other'", "It has: m")


@pytest.mark.skipif(find_spec("vllm") is not None, reason="vllm is installed")
def test_an_extra_that_is_missing(tmp_path):
    done = ttc(tmp_path, "run", recipe(tmp_path, "{type: vllm, model: x}"))
    refused(done, 1, with_extra("vllm"))


def test_a_capability_that_is_missing(tmp_path):
    backend = "{type: openai, model: m, base_url: 'http://127.0.0.1:9/v1', max_logprobs: 0}"
    done = ttc(tmp_path, "run", recipe(tmp_path, backend), "--set", "sampler.logprobs=true")
    refused(done, 2, "capability logprobs", "ttc backends")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("results", ["file", "file/below", "/dev/null", "/proc/nothing"])
def test_results_that_cannot_be_written(tmp_path, results):
    (tmp_path / "file").touch()
    done = ttc(tmp_path, "run", recipe(tmp_path), "--results", results)
    refused(done, 1, f"can't write in {results}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["manifest.json", "log.jsonl", "solutions.parquet", ".lock", "../../journal.sqlite"]
)
def test_a_file_that_cannot_be_written(tmp_path, name):
    from ttc.recipe import load_recipe
    from ttc.recipe.identity import run_id

    path = recipe(tmp_path)
    folder = tmp_path / "results" / "small" / run_id(load_recipe(tmp_path / path))
    (folder / name / "in the way").mkdir(parents=True)
    refused(ttc(tmp_path, "run", path), 1, str(folder.relative_to(tmp_path).parts[0]))


@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    from typer.testing import CliRunner

    from ttc.cli._app import app

    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.output


@pytest.mark.slow
def test_lists_and_schema(tmp_path):
    assert "genrm" in program(tmp_path, "list").stdout
    assert "quickstart" in ttc(tmp_path, "recipes").stdout
    assert "properties" in json.loads(ttc(tmp_path, "schema").stdout)


@pytest.mark.slow
def test_a_quiet_run_is_one_line(tmp_path):
    path = recipe(tmp_path)
    first, second = (run(tmp_path, "run", path, "--quiet").stdout for run in (program, ttc))
    assert first.startswith("small/s0-")
    assert first.endswith(": complete\n")
    assert second.endswith(": nothing to do, this run is complete\n")
    assert (first.count("\n"), second.count("\n")) == (1, 1)


def test_a_complete_run_of_another_version_is_left_alone_and_called_so(tmp_path):
    path = recipe(tmp_path)
    assert ttc(tmp_path, "run", path, "--quiet").returncode == 0
    (manifest,) = (tmp_path / "results").glob("*/*/manifest.json")
    assert "made by ttc" not in ttc(tmp_path, "run", path).stdout
    manifest.write_text(manifest.read_text().replace('"ttc_version": "', '"ttc_version": "0.0.'))
    said = " ".join(ttc(tmp_path, "run", path).stdout.split())
    assert "Nothing to do: this run is complete." in said
    assert f"made by ttc 0.0.{__version__}, and this is" in said
    assert f"move {manifest.parent.relative_to(tmp_path)} away" in said


def test_a_starter_recipe_loads(tmp_path):
    from ttc.recipe import load_recipe

    assert ttc(tmp_path, "init", "my.yaml").returncode == 0
    assert load_recipe(tmp_path / "my.yaml").name
    refused(ttc(tmp_path, "init", "my.yaml"), 2, "--force")
    refused(ttc(tmp_path, "init", "."), 2, "is a folder")


@pytest.mark.parametrize("words", [("curves",), ("view",), ("show",), ("metrics",)])
def test_several_runs_where_one_is_taken(tmp_path, words):
    done = ttc(tmp_path, *words, "cold", "hot")
    said = " ".join(done.stderr.replace("│", " ").split())
    assert done.returncode == 2
    assert "takes one run" in said
    assert "ttc compare RUN RUN" in said
    assert "ttc report RUN RUN" in said


def test_too_many_words_of_something_else_say_nothing_of_runs(tmp_path):
    done = ttc(tmp_path, "recipes", "one", "two", "three")
    assert done.returncode == 2
    assert "RUN" not in done.stderr.replace("Usage: ttc recipes", "")
