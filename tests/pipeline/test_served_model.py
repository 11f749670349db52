"""Another model under the same name and address is noticed, wherever earlier samples are used.

The models are real ones, of a real server process; a proxy before it gives them one name and, as
most servers do, says nothing of their weights.
"""

from __future__ import annotations

import pytest
from disguise import EIGHT, Disguise, recipe_file, run, solutions
from processes import ttc

from ttc.errors import TtcError
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.run_log import read_log
from ttc.store.status import STATUS_NAME, read_status


def cli(folder, *overrides: str) -> tuple[str, str]:
    words = [word for override in overrides for word in ("--set", override)]
    done = ttc(folder, "run", "served.yaml", "--results", "r", *words)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split()), " ".join(done.stderr.split())


@pytest.mark.slow
def test_another_model_under_the_same_name_is_told_everywhere(tmp_path, server):
    recipe_file(tmp_path, server.url)
    shown, said = cli(tmp_path)
    assert "arning" not in shown + said
    assert server.fingerprints == EIGHT

    server.behind = "nano-draft"
    shown, said = cli(tmp_path, "sampler.solutions=16")
    for text in (shown, said):
        assert f"Warning: m at {server.url} is not what it was: its first tokens" in text
        assert "as another model's do" in text
        assert "r/journal.sqlite has samples of both" in text
    assert said.count("Warning") == 1

    outcome = run(tmp_path, server, "sampler.solutions=16")
    assert not outcome.fresh
    solver = outcome.manifest.models["solver"]
    assert len(solver.fingerprints) == 2
    assert "another model" in solver.warning
    assert read_status(outcome.run.path / STATUS_NAME).warnings == [solver.warning]
    (entry,) = [e for e in read_log(outcome.run) if e["level"] == "warning"]
    assert entry["message"] == solver.warning

    asked = (server.gets, server.samples, server.fingerprints)
    shown, _ = cli(tmp_path, "sampler.solutions=16")
    assert "Nothing to do" in shown
    assert "another model" in shown
    assert asked == (server.gets, server.samples, server.fingerprints), "no call at all"


def test_the_same_model_is_no_news(tmp_path, server):
    first = run(tmp_path, server).manifest
    second = run(tmp_path, server, "sampler.solutions=16").manifest
    assert server.fingerprints == 2 * EIGHT
    for manifest in (first, second):
        solver = manifest.models["solver"]
        assert solver.warning == ""
        (taken,) = solver.fingerprints
        assert len(taken["tops"]) == EIGHT
        assert manifest.ledger["fingerprint"]["samples"] == EIGHT
    assert first.models["solver"].fingerprints == second.models["solver"].fingerprints


def test_a_run_whose_samples_are_all_in_the_journal_asks_nothing(tmp_path, server):
    before = run(tmp_path, server).manifest
    asked = (server.samples, server.fingerprints)
    server.behind = "nano-draft"
    outcome = run(tmp_path, server, "sampler.solutions=4")
    assert outcome.fresh
    assert asked == (server.samples, server.fingerprints)
    solver = outcome.manifest.models["solver"]
    assert solver.fingerprints == before.models["solver"].fingerprints
    assert solver.warning == ""


def test_a_run_that_goes_on_with_another_model_warns(tmp_path, server):
    server.most = 3
    with pytest.raises(TtcError, match="broken on purpose"):
        run(tmp_path, server)
    server.most, server.behind = None, "nano-verifier"
    outcome = run(tmp_path, server)
    assert len(outcome.manifest.tries) == 2
    assert "another model" in outcome.manifest.models["solver"].warning


def test_it_can_be_turned_off(tmp_path, server):
    outcome = run(tmp_path, server, "engine.fingerprint=false")
    assert server.fingerprints == 0
    assert outcome.manifest.models["solver"].fingerprints == []
    again = run(tmp_path, server, "engine.fingerprint=true")
    assert not again.fresh, "it is the same run"


def test_nor_is_it_asked_where_the_recipe_says_there_are_no_logprobs(tmp_path, server):
    run(tmp_path, server, "backend.max_logprobs=0")
    assert server.fingerprints == 0


@pytest.mark.parametrize("trouble", ["refused", "crash", "late"])
def test_a_server_that_gives_none_loses_nothing(tmp_path, server, trouble, monkeypatch):
    monkeypatch.setattr("ttc.engine.engine.GRACE_S", 0.2)
    server.logprobs = trouble
    outcome = run(tmp_path, server)
    assert outcome.manifest.status == "complete"
    assert outcome.manifest.models["solver"].fingerprints == []
    told = [e["message"] for e in read_log(outcome.run) if e["event"] == "fingerprints"]
    assert len(told) == 1
    assert "no fingerprint" in told[0]
    assert not [e for e in read_log(outcome.run) if e["level"] == "warning"]


def test_fingerprints_change_no_sample(tmp_path, server):
    with_one = run(tmp_path, server)
    without = run(tmp_path / "without", server, "engine.fingerprint=false")
    assert solutions(with_one) == solutions(without)


def test_litellm_too(tmp_path, server, monkeypatch):
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    backend = f"backend={{type: litellm, model: openai/m, api_base: '{server.url}'}}"
    assert run(tmp_path, server, backend).manifest.models["solver"].warning == ""
    assert server.fingerprints == EIGHT
    server.behind = "nano-draft"
    outcome = run(tmp_path, server, backend, "sampler.solutions=16")
    assert "another model" in outcome.manifest.models["solver"].warning


def test_servers_of_a_pool_that_serve_different_models(tmp_path, server, nano_server):
    other = Disguise(nano_server)
    try:
        recipe = recipe_file(tmp_path, server.url, other.url)
        outcome = run_recipe(load_recipe(recipe, [f"results={tmp_path}/r"]))
        assert outcome.manifest.models["solver"].warning == ""
        assert server.fingerprints == other.fingerprints == EIGHT
        other.behind = "nano-draft"
        outcome = run_recipe(load_recipe(recipe, [f"results={tmp_path}/other"]))
        assert "another model" in outcome.manifest.models["solver"].warning
    finally:
        other.shutdown()
        other.server_close()
