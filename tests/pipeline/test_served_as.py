"""Samples stay paid for where their model's servers move, or some of them are down.

The models are real ones, of a real server process, behind proxies that say nothing of the weights.
"""

from __future__ import annotations

import pytest
from disguise import EIGHT, Disguise, recipe_file, run, solutions

from ttc.pipeline.run import Outcome, run_recipe
from ttc.recipe import load_recipe

NAMED = "backend.served_as=solver-v1"


@pytest.fixture
def other(nano_server):
    disguise = Disguise(nano_server)
    yield disguise
    disguise.shutdown()
    disguise.server_close()


def litellm(server: Disguise) -> str:
    return f"backend={{type: litellm, model: openai/m, api_base: '{server.url}', served_as: v1}}"


def pooled(folder, *servers: Disguise, say: str = "sampler.solutions=8") -> Outcome:
    recipe = recipe_file(folder, *(server.url for server in servers))
    return run_recipe(load_recipe(recipe, [f"results={folder}/r", say]))


def test_weights_that_move_keep_their_samples_and_their_run(tmp_path, server, other):
    first = run(tmp_path, server, NAMED)
    assert first.manifest.models["solver"].served_as == "solver-v1"
    again = run(tmp_path, other, NAMED)
    assert again.run.path == first.run.path
    assert not again.fresh
    more = run(tmp_path, other, NAMED, "sampler.solutions=16")
    assert other.choices == 4 * (16 - 8)
    assert set(solutions(first)) <= set(solutions(more))
    assert more.manifest.models["solver"].endpoint == other.url
    assert (server.fingerprints, other.fingerprints) == (EIGHT, EIGHT)
    assert more.manifest.models["solver"].warning == ""


def test_without_a_name_another_address_is_another_model(tmp_path, server, other):
    run(tmp_path, server)
    run(tmp_path, other)
    assert other.choices == server.choices == 4 * 8


@pytest.mark.parametrize("kind", ["openai", "litellm"])
def test_other_weights_under_the_name_are_told_at_another_address_too(
    tmp_path, server, other, kind, monkeypatch
):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    say = litellm if kind == "litellm" else lambda _: NAMED
    assert run(tmp_path, server, say(server)).manifest.models["solver"].warning == ""
    other.behind = "nano-draft"
    outcome = run(tmp_path, other, say(other), "sampler.solutions=16")
    assert other.choices == 4 * 8, "those of before are taken from the journal"
    warning = outcome.manifest.models["solver"].warning
    assert f"{other.url} is not what it was" in warning
    assert "another model" in warning


def test_samples_of_an_address_are_had_back_by_its_name(tmp_path, server, other):
    run(tmp_path, server)
    run(tmp_path, other, f"backend.served_as={server.url}")
    assert other.choices == 0


def test_a_server_that_is_down_at_the_start_costs_nothing_again(tmp_path, server, other, caplog):
    before = pooled(tmp_path, server, other)
    paid = server.choices
    url = other.url
    other.shutdown()
    other.server_close()
    after = pooled(tmp_path, server, other, say="policies=[first]")
    assert server.choices == paid
    assert solutions(after) == solutions(before)
    assert f"going on without one server of the pool: {url}: no connection" in caplog.text
