"""Forecasts against what runs of the embedded model then used, and intervals on planted truth."""

import math
from pathlib import Path

import numpy as np
import pytest

from ttc.budget.flops import Lengths
from ttc.core import ModelIdentity
from ttc.pipeline.planning.facts import RoleFacts
from ttc.pipeline.planning.forecast import forecast
from ttc.pipeline.planning.lengths import RoleUse
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe

RECIPE = """
name: small
dataset: {type: nano, family: arithmetic, levels: [2, 3, 4], problems: 12}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 16, temperature: 1.0, max_tokens: 96}
verifiers:
  - type: genrm
    name: long
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 8
    verifications: 6
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
cost: {prices: {prompt_per_million: 100, completion_per_million: 400}}
"""
PER_SAMPLE = ["cost.shared_prompt=per_sample", "cost.flops=detailed", "name=per_sample"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("forecast")
    (path / "small.yaml").write_text(RECIPE)
    return path


def recipe(folder, *overrides):
    return load_recipe(folder / "small.yaml", [f"results={folder / 'results'}", *overrides])


@pytest.fixture(scope="module")
def pilot(folder):
    """Planned before the run, which comes next."""
    return make_plan(recipe(folder), PlanRequest(pilot=6)).forecast


@pytest.fixture(scope="module")
def run(folder, pilot):
    return run_recipe(recipe(folder)).run


def used(run, unit):
    ledger = run.manifest().ledger
    if unit == "tokens":
        return used(run, "prompt_tokens") + used(run, "completion_tokens")
    return ledger["roles"]["solver"][unit] + ledger["roles"]["verifier"][unit]


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["tokens", "flops", "usd"])
def test_a_pilots_interval_holds_what_the_run_used(pilot, run, unit):
    found = getattr(pilot.total, unit)
    assert found.low <= used(run, unit) <= found.high
    assert found.low < found.expected < found.high < found.most
    assert found.high < 1.6 * found.expected


def test_samples_are_told_exactly(pilot, run):
    assert pilot.total.samples == used(run, "samples") == 12 * (16 + 8 * 6 + 4 * 2)
    assert [role.samples for role in pilot.roles] == [192, 576, 96]
    # One call for all solutions of a problem, one for the verifications of a solution.
    assert [role.requests for role in pilot.roles] == [12, 96, 48]


def test_what_the_pilot_sampled_the_run_does_not_pay_for_again(run):
    anew = used(run, "paid_samples")
    assert anew <= used(run, "samples") - 6 * (8 + 4 * 4 + 4 * 2)


@pytest.mark.parametrize("unit", ["prompt_tokens", "completion_tokens"])
def test_a_run_foretells_itself(folder, run, unit):
    found = make_plan(recipe(folder), PlanRequest(like="small")).forecast.total
    # Shared prompts are told by the share of distinct texts, whose lengths may differ a little.
    assert getattr(found, unit) == pytest.approx(used(run, unit), rel=0.02)
    assert found.flops.expected == pytest.approx(used(run, "flops"), rel=0.01)
    assert found.usd.expected == pytest.approx(used(run, "usd"), rel=0.01)
    assert 0 < found.seconds < 1000


def test_prompts_by_sample_and_detailed_flops_are_exact(folder, run):
    dear = run_recipe(recipe(folder, *PER_SAMPLE)).run
    found = make_plan(recipe(folder, *PER_SAMPLE), PlanRequest(like="small")).forecast.total
    for unit in ("tokens", "flops", "usd"):
        assert getattr(found, unit).expected == pytest.approx(used(dear, unit), rel=1e-6)
    assert used(dear, "prompt_tokens") > 2 * used(run, "prompt_tokens")


def test_a_finished_run_tells_the_time_it_took(folder, run):
    manifest = run.manifest()
    found = make_plan(recipe(folder), PlanRequest(like="small")).forecast.total
    share = used(run, "samples") / used(run, "paid_samples")
    assert found.seconds == pytest.approx(manifest.timing["sampling_seconds"] * share, rel=0.25)


def test_lambda_of_verifiers_that_no_policy_reads_is_known(run):
    assert set(run.manifest().choices.lambda_by_verifier) == {"long", "short"}


def test_told_lengths(folder):
    request = PlanRequest(solution_tokens=50, verification_tokens=20, tokens_per_second=100)
    solver, long, short = make_plan(recipe(folder), request).forecast.roles
    assert solver.completion_tokens == 192 * 50
    assert (long.completion_tokens, short.completion_tokens) == (576 * 20, 96 * 20)
    # A verifier's prompt holds the solution; each of them is charged once.
    assert long.prompt_tokens == pytest.approx(2 * short.prompt_tokens)
    assert long.prompt_tokens > 96 * 50
    assert solver.seconds == 96
    assert math.isnan(solver.tokens.low)
    assert long.source == "told"


def test_without_lengths_there_are_bounds(folder, run):
    total = make_plan(recipe(folder), PlanRequest()).forecast.total
    assert math.isnan(total.tokens.expected)
    assert total.samples == 864
    for unit in ("tokens", "flops", "usd"):
        assert used(run, unit) < getattr(total, unit).most < 20 * used(run, unit)


def test_lengths_beyond_max_tokens_are_cut(folder):
    plan = make_plan(recipe(folder), PlanRequest(solution_tokens=500)).forecast
    assert plan.roles[0].completion_tokens == 192 * 96
    assert any("counted as 96" in note for note in plan.notes)
    assert plan.roles[0].tokens.expected <= plan.roles[0].tokens.most


def test_rates_bound_the_time(folder):
    request = PlanRequest(solution_tokens=50, verification_tokens=20, tokens_per_second=1e6)
    slow = recipe(folder, "engine.requests_per_minute=13")
    # 156 requests in all, to two models that each count for themselves.
    assert make_plan(slow, request).forecast.total.seconds == pytest.approx(60 * 96 / 13)
    tokens = make_plan(recipe(folder, "engine.tokens_per_minute=1000"), request).forecast
    dearest = max(role.tokens.expected for role in tokens.roles)
    assert tokens.total.seconds == pytest.approx(60 * dearest / 1000)


def test_intervals_hold_nine_of_ten_runs(folder):
    """Problems of unlike lengths: a pilot on 8 of them, then 60 others."""
    plain = recipe(folder, "verifiers=[]")
    facts = {"solver": RoleFacts(ModelIdentity("test", "test"), 1, 1, (10.0,))}
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        lengths = rng.gamma(12, 4, 8 + 60)
        known = tuple(Lengths(10, 100, n, n**2, 10 * n) for n in lengths[:8])
        uses = {"solver": RoleUse(known, np.ones(8))}
        found = forecast(plain, 60, facts, uses).total.tokens
        held += found.low <= (10 + 16 * lengths[8:]).sum() <= found.high
    assert 0.86 <= held / 600 <= 0.94


def test_a_pilot_of_a_changed_file_is_run_again(folder):
    problems = folder / "problems.jsonl"
    found = []
    for question in ("3+4=?", "3+5=?"):
        problems.write_text(f'{{"id": "a", "question": "{question}", "answer": "7"}}\n')
        dataset = f"dataset={{type: file, path: {problems}}}"
        changed = recipe(
            folder, "name=filed", dataset, "verifiers=[]", "sampler.prompt=nano-solver"
        )
        found.append(make_plan(changed, PlanRequest(pilot=1)).forecast.roles[0].source)
    assert found[0] != found[1]
    assert all(Path(folder / "results" / name).is_dir() for name in found)
