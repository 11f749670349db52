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


@pytest.mark.parametrize("logprobs", ["given", "chat", "refused", "crash"])
def test_a_server_never_counts_more_calls_than_the_limit(tmp_path, server, logprobs):
    server.logprobs = logprobs
    outcome = run(tmp_path, server, *MANY, CALLS)
    assert outcome.manifest.status == "budget"
    assert 0 < server.fingerprints <= WORST
    assert server.choices == outcome.manifest.ledger["roles"]["solver"]["samples"]
    assert LIMIT - WORST - 7 <= server.choices <= LIMIT - WORST
    assert server.choices + server.fingerprints <= LIMIT


def test_all_tries_of_a_run_together_stay_within_it(tmp_path, server):
    """Those that were stopped asked for fingerprints, too."""
    one = (*MANY, CALLS, "engine.concurrency=1")
    asked = []
    for most in (3, 6, 9, 12):
        server.most = most
        with pytest.raises(TtcError, match="broken on purpose"):
            run(tmp_path, server, *one)
        asked.append(server.fingerprints)
    assert asked == [8, 16, 16, 16]
    server.most = None
    outcome = run(tmp_path, server, *one)
    assert len(outcome.manifest.tries) == 5
    assert "is used up" in said(outcome)
    assert server.fingerprints == WORST
    assert server.choices + server.fingerprints <= LIMIT
    assert outcome.manifest.ledger["fingerprint"]["samples"] == 0

    calm = run(tmp_path / "calm", server, *MANY, CALLS)
    assert solutions(calm) == solutions(outcome)


def test_samples_are_the_same_with_and_without_fingerprints(tmp_path, server):
    plain = run(tmp_path / "plain", server, *MANY, CALLS, "engine.fingerprint=false")
    assert server.fingerprints == 0
    assert plain.manifest.ledger["fingerprint"]["paid_samples"] == 0
    journalled = run(tmp_path / "plain", server, *MANY, "budget.per_run.calls=1320")
    taken = run(tmp_path / "taken", server, *MANY, CALLS)
    assert solutions(taken) == solutions(plain)
    assert journalled.manifest.ledger["fingerprint"]["samples"] == EIGHT
    again = run(tmp_path / "plain", server, *MANY, CALLS, "name=again")
    assert solutions(again) == solutions(plain), "also where the journal serves everything"
    assert again.manifest.ledger["fingerprint"]["samples"] == 0


@pytest.mark.parametrize(
    "limit", ["budget.per_run.calls=319", "budget.per_run.tokens=17000", "budget.per_run.usd=1e-3"]
)
def test_a_small_budget_goes_without_and_is_whole(tmp_path, server, limit):
    prices = "cost.prices={prompt_per_million: 1, completion_per_million: 1}"
    outcome = run(tmp_path, server, limit, "sampler.solutions=80", prices)
    assert server.fingerprints == 0
    assert "no fingerprint in this run" in said(outcome)
    assert outcome.manifest.ledger["fingerprint"]["samples"] == 0
    if "calls" in limit:
        assert outcome.manifest.ledger["roles"]["solver"]["samples"] > 319 - WORST


def test_budgets_of_problems_are_not_concerned(tmp_path, server):
    outcome = run(tmp_path, server, "budget.per_problem.calls=5", "budget.per_run.seconds=600")
    assert server.fingerprints == EIGHT
    assert outcome.manifest.ledger["roles"]["solver"]["samples"] == 20
    assert read_status(outcome.run.path / STATUS_NAME).budget["calls"].spent == 20


def test_tokens_are_bounded_and_accounted_for_by_a_purpose_of_their_own(tmp_path, server):
    outcome = run(tmp_path, server, *MANY, "budget.per_run.tokens=18000", CALLS)
    ledger = outcome.manifest.ledger
    spent = ledger["fingerprint"]
    assert (spent["samples"], spent["completion_tokens"]) == (EIGHT, EIGHT)
    assert spent["paid_tokens"] == spent["prompt_tokens"] + spent["completion_tokens"] < 856
    status = read_status(outcome.run.path / STATUS_NAME)
    assert status.fingerprint_calls == EIGHT
    calls = status.budget["calls"]
    assert calls.spent == ledger["roles"]["solver"]["samples"] + EIGHT
    assert calls.reserved == WORST - EIGHT
    assert (calls.limit, calls.spent + calls.reserved + calls.left) == (LIMIT, LIMIT)
    shown = ttc(tmp_path, "show", outcome.run.path).stdout
    assert f"fingerprints: 8 calls, {spent['paid_tokens']:.0f} tokens" in shown


def test_a_part_is_set_aside_for_every_model(tmp_path, server, nano_server):
    other = Disguise(nano_server)
    other.behind = "nano-verifier"
    judge = {
        "type": "genrm",
        "backend": {"type": "openai", "model": "m", "base_url": other.url, "n_per_call": 16},
        "prompt": "nano-genrm",
        "solutions": 8,
        "verifications": 32,
        "max_tokens": 8,
        "score": "binary",
    }
    two = [f"verifiers={json.dumps([judge])}", "sampler.solutions=8", *MANY[1:]]
    try:
        for limit, fingerprints in ((660, 2 * EIGHT), (630, EIGHT)):
            before = other.choices + server.choices, other.fingerprints + server.fingerprints
            folder = tmp_path / str(limit)
            outcome = run(folder, server, *two, f"budget.per_run.calls={limit}")
            assert outcome.manifest.status == "budget"
            asked = other.fingerprints + server.fingerprints - before[1]
            assert asked == fingerprints
            assert 0.9 * limit < other.choices + server.choices - before[0] + asked <= limit
    finally:
        other.shutdown()
        other.server_close()


def test_a_plan_knows_what_is_set_aside(tmp_path, server):
    def planned(*overrides):
        chosen = [f"results={tmp_path}/r", "sampler.solutions=80", *overrides]
        return make_plan(load_recipe(recipe_file(tmp_path, server.url), chosen), PlanRequest())

    plan = planned(CALLS)
    assert "set aside from the run's budget for fingerprints: 16 calls at most" in (
        plan.forecast.notes
    )
    (limit,) = plan.limits
    assert (limit.limit, limit.fits, limit.solutions) == (LIMIT, False, (LIMIT - WORST) / 4)
    (limit,) = planned("budget.per_run.calls=336").limits
    assert limit.fits
    assert planned("budget.per_run.calls=319").forecast.notes == ()


def said(outcome) -> str:
    return "\n".join(e["message"] for e in read_log(outcome.run) if e["event"] == "fingerprints")
