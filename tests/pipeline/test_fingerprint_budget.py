"""A run's budget holds for the calls of fingerprints too, by the servers' own counts."""

from __future__ import annotations

import json

import pytest
from disguise import EIGHT, Disguise, recipe_file, run, solutions
from processes import ttc

from ttc.errors import TtcError
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.recipe import load_recipe
from ttc.store.run_log import read_log
from ttc.store.status import STATUS_NAME, read_status

LIMIT = 330
WORST = 2 * EIGHT  # calls for raw prompts, and for chat where there are none
MANY = ("sampler.solutions=200", "sampler.max_tokens=8", "backend.n_per_call=16")
CALLS = f"budget.per_run.calls={LIMIT}"
FOUR = 4 * 8  # calls of the recipe as it is


@pytest.mark.parametrize("logprobs", ["given", "chat", "refused", "crash"])
def test_a_run_that_wants_all_of_its_budget_gets_it(tmp_path, server, logprobs):
    server.logprobs = logprobs
    outcome = run(tmp_path, server, *MANY, CALLS)
    assert outcome.manifest.status == "budget"
    assert server.choices == outcome.manifest.ledger["roles"]["solver"]["samples"]
    assert server.choices + server.fingerprints <= LIMIT
    assert server.choices > LIMIT - 4
    assert server.fingerprints == 0
    assert "the run's budget has no room" in said(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("logprobs", ["given", "chat", "refused", "crash"])
@pytest.mark.parametrize("more", [0, WORST - 1, WORST])
def test_a_fingerprint_is_taken_for_what_a_run_leaves(tmp_path, server, logprobs, more):
    server.logprobs = logprobs
    outcome = run(tmp_path, server, f"budget.per_run.calls={FOUR + more}")
    assert outcome.manifest.status == "complete"
    assert server.choices == FOUR
    assert server.fingerprints <= more
    assert (server.fingerprints > 0) == (more == WORST)


@pytest.mark.slow
def test_all_tries_of_a_run_together_stay_within_it(tmp_path, server):
    """Those that were stopped asked for fingerprints, too."""
    one = (*MANY, "budget.per_run.calls=60", "budget.per_problem.calls=7", "engine.concurrency=1")
    asked = []
    for most in (1, 2, 3):
        server.most = most
        with pytest.raises(TtcError, match="broken on purpose"):
            run(tmp_path, server, *one)
        asked.append(server.fingerprints)
    assert asked == [EIGHT, 2 * EIGHT, 3 * EIGHT], "room for 28 calls of problems, 32 others"
    server.most = None
    outcome = run(tmp_path, server, *one)
    assert len(outcome.manifest.tries) == 4
    assert outcome.manifest.ledger["roles"]["solver"]["samples"] == 28
    assert server.choices + server.fingerprints <= 60

    calm = run(tmp_path / "calm", server, *one)
    assert solutions(calm) == solutions(outcome)


@pytest.mark.slow
def test_samples_are_the_same_with_and_without_fingerprints(tmp_path, server):
    tight = (*MANY, "budget.per_run.tokens=9000")
    plain = run(tmp_path / "plain", server, *tight, "engine.fingerprint=false")
    assert server.fingerprints == 0
    assert plain.manifest.ledger["fingerprint"]["paid_samples"] == 0
    taken = run(tmp_path / "taken", server, *tight)
    assert solutions(taken) == solutions(plain)
    fingerprints = server.fingerprints
    again = run(tmp_path / "plain", server, *tight, "name=again")
    assert solutions(again) == solutions(plain), "also where the journal serves everything"
    assert again.manifest.ledger["fingerprint"]["samples"] == 0
    assert server.fingerprints == fingerprints


def test_budgets_of_problems_are_not_concerned(tmp_path, server):
    outcome = run(tmp_path, server, "budget.per_problem.calls=5", "budget.per_run.seconds=600")
    assert server.fingerprints == EIGHT
    assert outcome.manifest.ledger["roles"]["solver"]["samples"] == 20
    assert read_status(outcome.run.path / STATUS_NAME).budget["calls"].spent == 20


def test_what_they_took_is_shown_by_itself_and_counts(tmp_path, server):
    outcome = run(tmp_path, server, "budget.per_run.tokens=18000", CALLS)
    ledger = outcome.manifest.ledger
    spent = ledger["fingerprint"]
    assert (spent["samples"], spent["completion_tokens"]) == (EIGHT, EIGHT)
    assert spent["paid_tokens"] == spent["prompt_tokens"] + spent["completion_tokens"] < 856
    status = read_status(outcome.run.path / STATUS_NAME)
    assert status.fingerprint_calls == EIGHT
    calls = status.budget["calls"]
    assert calls.spent == ledger["roles"]["solver"]["samples"] + EIGHT
    assert (calls.limit, calls.reserved) == (LIMIT, 0)
    shown = ttc(tmp_path, "show", outcome.run.path).stdout
    assert f"fingerprints: 8 calls, {spent['paid_tokens']:.0f} tokens" in shown


@pytest.mark.slow
def test_every_model_has_its_own(tmp_path, server, nano_server):
    other = Disguise(nano_server)
    other.behind = "nano-verifier"
    judge = {
        "type": "genrm",
        "backend": {"type": "openai", "model": "m", "base_url": other.url, "n_per_call": 16},
        "prompt": "nano-genrm",
        "solutions": 8,
        "verifications": 2,
        "max_tokens": 8,
        "score": "binary",
    }
    two = [f"verifiers={json.dumps([judge])}", "sampler.solutions=8", *MANY[1:]]
    samples = 32 + 64
    try:
        for more, fingerprints in ((2 * WORST, 2 * EIGHT), (WORST, EIGHT)):
            before = other.fingerprints + server.fingerprints
            folder = tmp_path / str(more)
            outcome = run(folder, server, *two, f"budget.per_run.calls={samples + more}")
            assert outcome.manifest.status == "complete"
            assert other.fingerprints + server.fingerprints - before == fingerprints
    finally:
        other.shutdown()
        other.server_close()


def test_a_plan_counts_none_of_it(tmp_path, server):
    chosen = [f"results={tmp_path}/r", "sampler.solutions=80", CALLS]
    recipe = load_recipe(recipe_file(tmp_path, server.url), chosen)
    plan = make_plan(recipe, PlanRequest())
    assert plan.forecast.notes == ()
    (limit,) = plan.limits
    assert (limit.limit, limit.fits) == (LIMIT, True)


def said(outcome) -> str:
    return "\n".join(e["message"] for e in read_log(outcome.run) if e["event"] == "fingerprints")
