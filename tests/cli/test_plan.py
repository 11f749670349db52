"""`ttc plan` from the shell: every kind of backend, what it prints, and refusals."""

import contextlib
import importlib.util
import json
import socket

import pytest
from processes import ttc
from typer.testing import CliRunner

from ttc.cli._app import app
from ttc.errors import TtcError
from ttc.installing import with_extra

RECIPE = """
name: small
dataset: {type: nano, family: arithmetic, levels: [2, 3], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 96}
verifiers:
  - type: genrm
    name: long
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 4
    verifications: 4
    temperature: 1.0
    max_tokens: 160
    score: binary
  - type: genrm
    name: short
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 4
    verifications: 2
    temperature: 0.7
    max_tokens: 100
    score: binary
policies: [majority, best_of_n]
budget: {per_problem: {tokens: [300, 9000]}}
"""
TOLD = ("--solution-tokens", "40", "--verification-tokens", "30")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("plan")
    (path / "small.yaml").write_text(RECIPE)
    run(path, "run", "small.yaml", "--plain")
    run(path, "simulate", "--to", "results/sim", "--problems", "20", "--solutions", "16")
    return path


def run(folder, *words):
    done = ttc(folder, *words)
    assert done.returncode == 0, done.stderr
    return done


def invoke(folder, *words):
    """As from the shell, but in this process, which saves the start of another."""
    with contextlib.chdir(folder):
        return CliRunner().invoke(app, ["plan", "small.yaml", *words])


def plan(folder, *words):
    done = invoke(folder, "--json", *words)
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def backends(solver, verifier):
    keys = ("backend", "verifiers.0.backend", "verifiers.1.backend")
    return [
        word
        for key, part in zip(keys, (solver, verifier, verifier), strict=True)
        for word in ("--set", f"{key}={json.dumps(part)}")
    ]


def test_what_is_printed(folder):
    words = ("--like", "small", "--difference", "0.1", "--verifier", "short")
    shown = run(folder, "plan", "small.yaml", *words).stdout
    for word in (
        "Forecast of small: 6 problems",
        "lengths of solver, long, short: small/",
        "90 % interval",
        "300 tokens per problem",
        "reported at, no limit",
        "9k tokens per problem",
        "yes",
        "To tell best_of_n S=2 V=1 from majority S=4, if they are 10 points apart",
        "1 verifications of each by short",
        "tokens by majority S=4",
        "power with 6 problems",
    ):
        assert word in shown, word
    assert "no: about" not in shown


def test_a_limit_that_is_short_is_told_with_what_it_buys(folder):
    words = ("--like", "small", "--set", "budget.per_problem.tokens=[100,300]")
    shown = run(folder, "plan", "small.yaml", *words).stdout
    assert "reported at, no limit" in shown
    assert "no: about" in shown


def test_json_has_every_figure(folder):
    found = plan(folder, "--like", "small", "--difference", "0.1", "--compare", "sc@4,bon@2x2")
    assert found.keys() == {
        "recipe",
        "problems",
        "roles",
        "total",
        "notes",
        "budget",
        "sample_size",
    }
    assert [role["role"] for role in found["roles"]] == ["solver", "long", "short"]
    total = found["total"]
    assert total["samples"] == sum(role["samples"] for role in found["roles"]) == 6 * 32
    assert total["tokens"].keys() == {"expected", "low", "high", "most"}
    assert total["tokens"]["low"] < total["tokens"]["expected"] < total["tokens"]["most"]
    assert total["usd"]["expected"] is None
    tight, wide = found["budget"]
    assert (tight["holds"], wide["holds"]) == (False, True)
    assert (tight["fits"], wide["fits"], wide["sure"]) == (False, True, True)
    assert 0 < tight["solutions"] < 8
    assert wide["solutions"] is None
    size = found["sample_size"]
    assert size["arms"] == ["majority S=4", "best_of_n S=2 V=2"]
    assert (size["difference"], size["power"], size["alpha"]) == (0.1, 0.8, 0.05)
    assert [(one["solutions"], one["own"]) for one in size["designs"]] == [(4, False), (8, True)]
    assert size["designs"][1]["foretold"], "the pool has four verified solutions, the recipe 8"
    assert size["designs"][0]["tokens"] > 0


def test_without_lengths_there_are_bounds_and_advice(folder):
    shown = " ".join(run(folder, "plan", "small.yaml").stdout.split())
    assert "not known; measure them by --pilot PROBLEMS or --like RUN" in shown
    assert "--solution-tokens and --verification-tokens" in shown
    assert "\N{LESS-THAN OR EQUAL TO}" in shown
    total = plan(folder)["total"]
    assert total["tokens"]["expected"] is None
    assert total["tokens"]["most"] > 0


def test_a_pilot_is_a_run_and_its_progress_is_not_in_the_json(folder):
    done = run(folder, "plan", "small.yaml", "--json", "--pilot", "3", "--set", "name=other")
    assert json.loads(done.stdout)["roles"][0]["source"].startswith("other-pilot/")
    assert "[other-pilot] 3/3 problems" in done.stderr
    assert "other-pilot" in run(folder, "show", "other-pilot").stdout


def test_a_simulated_pool_has_lengths_but_neither_prompts_nor_time(folder):
    found = plan(folder, "--like", "sim", "--set", "verifiers.1.name=simulated", *TOLD[2:])
    # Prompts are the recipe's own, a verifier's with the solution in it.
    assert found["roles"][0]["prompt_tokens"] > 0
    assert found["roles"][1]["prompt_tokens"] > 24 * 90
    assert found["total"]["seconds"] is None
    assert any("counted as 96" in note for note in found["notes"])


def test_a_recorded_run_is_planned_as_the_model_it_replays(folder):
    manifest = next((folder / "results" / "small").glob("*/manifest.json"))
    place = str(manifest.parent)
    solver = {"type": "replay", "run": place, "serve": "solutions"}
    judge = {"type": "replay", "run": place, "serve": "verifications", "verifier": "long"}
    found = plan(folder, "--like", "small", *backends(solver, judge))
    expected = plan(folder, "--like", "small")
    assert found["total"]["tokens"]["expected"] == expected["total"]["tokens"]["expected"]
    assert found["total"]["samples"] == expected["total"]["samples"]
    lost = backends({"type": "replay", "run": "nowhere"}, judge)
    assert any("nowhere" in note for note in plan(folder, *TOLD, *lost)["notes"])


def test_a_served_model_is_planned_by_a_pilot_as_the_embedded_one_is(folder, nano_server):
    def served(model):
        return {"type": "openai", "base_url": nano_server, "model": model}

    words = backends(served("nano-solver"), served("nano-verifier"))
    found = plan(folder, "--pilot", "3", "--set", "name=served", *words)
    embedded = plan(folder, "--like", "small")["total"]
    assert found["total"]["tokens"]["expected"] == pytest.approx(
        embedded["tokens"]["expected"], rel=0.4
    )
    assert found["total"]["flops"]["expected"] > 0  # the server states the model's size
    assert found["total"]["seconds"] > 0
    assert found["notes"] == []


def test_a_server_that_is_away_is_said_and_planned_by_name(folder):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        part = {"type": "openai", "base_url": url, "model": "some-model"}
        words = ["--set", "cost.parameters=1e9", *backends(part, part)]
        found = plan(folder, *TOLD, *words)
    assert len(found["notes"]) == 1
    assert f"no answer from {url}" in found["notes"][0]
    assert {role["model"] for role in found["roles"]} == {"some-model"}
    total = found["total"]
    assert total["flops"]["expected"] == pytest.approx(2e9 * total["tokens"]["expected"])


def test_what_loads_gigabytes_is_not_loaded(folder):
    part = {"type": "transformers", "model": "nobody/nothing"}
    found = plan(folder, *TOLD, *backends(part, part))
    assert found["notes"] == [
        "nobody/nothing: transformers is not loaded for a forecast; cost.parameters gives its size"
    ]


def test_listed_prices(folder):
    part = {"type": "litellm", "model": "gpt-4o-mini"}
    words = ["--set", "cost.prices=litellm", *backends(part, part)]
    solver = plan(folder, *TOLD, *words)["roles"][0]
    assert solver["usd"]["expected"] == pytest.approx(
        0.15e-6 * solver["prompt_tokens"] + 0.6e-6 * solver["completion_tokens"]
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--like", "small", "--pilot", "2"], 2, "--like and --pilot both measure lengths"),
        (["--like", "nothing"], 1, "no run 'nothing'"),
        (["--compare", "majority,first"], 2, "need --difference"),
        (["--correlation", "0"], 2, "need --difference"),
        (["--difference", "5"], 2, "--difference 5: must lie between 0 and 1"),
        (["--difference", "0.1", "--compare", "sc,bon"], 2, "--like RUN or --pilot PROBLEMS"),
        (["--difference", "0.1", "--accuracy", "0.95"], 2, "--accuracy 0.95: must lie between"),
        (["--difference", "0.1", "--power", "0.01"], 2, "--alpha 0.05: must lie between 0 and"),
        (
            ["--like", "small", "--difference", "0.1", "--compare", "majority@9,first"],
            1,
            "majority S=9 is beyond small/",
        ),
        (
            ["--like", "small", "--difference", "0.1", "--verifier", "genrm"],
            1,
            "has no verifier 'genrm'; it has long, short",
        ),
        (["--set", "cost.flops=detailed", "--set", "cost.lamda=1"], 2, "cost.lamda: unknown key"),
    ],
)
def test_what_can_not_be_planned_is_one_sentence(folder, words, code, said):
    done = invoke(folder, *words)
    assert isinstance(done.exception, TtcError), done.output
    assert done.exception.exit_code == code
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)
    assert not done.stdout


def test_a_refusal_in_the_shell(folder):
    done = ttc(folder, "plan", "small.yaml", "--tokens-per-second", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "Error: --tokens-per-second 0: must be above 0\n"


@pytest.mark.skipif(importlib.util.find_spec("datasets"), reason="the hub's library is here")
def test_a_dataset_that_needs_an_extra(folder):
    done = invoke(folder, *TOLD, "--set", "dataset={type: math500}")
    assert with_extra("hub") in str(done.exception)
