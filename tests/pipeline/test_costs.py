"""Costs of cells against sums over the samples of a run's tables."""

import json

import numpy as np
import pytest

from ttc import nano
from ttc.analysis.drawn import given
from ttc.analysis.simulate import SimulationConfig
from ttc.budget.cost import CostConfig
from ttc.budget.flops import ModelCard
from ttc.importing import import_pool
from ttc.pipeline.costs import unit_costs
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run
from ttc.store.tables import read_frame

CARD = ModelCard(layers=2, hidden=8, heads=4, kv_heads=2, mlp_width=16, vocab=30)
RECIPE = """
name: counted
dataset: {type: nano, family: arithmetic, levels: [1, 3], problems: 4}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 4, temperature: 1.0, max_tokens: 64}
verifiers:
  - {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
     verifications: 3, max_tokens: 96}
policies: [majority, best_of_n]
cost: {flops: detailed, shared_prompt: SHARED}
"""
needs_nano = pytest.mark.skipif("nano-verifier" not in nano.models(), reason="no nano-verifier")


def flops(counter, prompt, completions, once):
    """Token by token."""
    prefill = sum(counter.prompt_token + counter.pair * t for t in range(1, prompt + 1))
    decode = sum(
        counter.completion_token + counter.pair * (prompt + t)
        for n in completions
        for t in range(1, n + 1)
    )
    return prefill * (1 if once else len(completions)) + decode


@needs_nano
@pytest.mark.parametrize("shared", ["once", "per_sample"])
def test_the_dearest_cell_costs_what_all_samples_cost(tmp_path, shared):
    """The ledger shares a prompt of solutions with one text, too, which cells know nothing of."""
    path = tmp_path / "counted.yaml"
    path.write_text(RECIPE.replace("SHARED", shared))
    recipe = load_recipe(path, [f"results={tmp_path / 'results'}"])
    outcome = run_recipe(recipe)
    manifest, once = outcome.manifest, shared == "once"
    rates = manifest.choices.rates
    solver, judge = (type("Counter", (), rates[r]["flops"]) for r in ("solver", "genrm"))
    solutions = read_frame(outcome.run.solutions, "solutions")
    judged = read_frame(outcome.run.verifications, "verifications").merge(
        solutions[["problem_id", "solution_index", "text"]].rename(columns={"text": "solution"})
    )

    def total(counter, frame, *by):
        return sum(
            flops(counter, int(group["prompt_tokens"].iloc[0]), group["completion_tokens"], once)
            for _, group in frame.groupby(list(by), observed=True)
        )

    spent = {role: used["flops"] for role, used in manifest.roles.items()}
    solving = total(solver, solutions, "problem_id")
    assert spent["solver"] == pytest.approx(solving, rel=1e-12)
    by_text = total(judge, judged, "problem_id", "solution")
    assert spent["verifier"] == pytest.approx(by_text, rel=1e-12)
    everything = solving + total(judge, judged, "problem_id", "solution_index")
    curves = read_frame(outcome.run.curves, "curves")
    dearest = curves[(curves["S"] == 4) & (curves["policy"] == "best_of_n")]
    one = unit_costs(load_pool(outcome.run), recipe.cost, manifest).cell(4, 3)
    assert one["flops"] == pytest.approx(everything / 4, rel=1e-9)
    assert one["calls"] == 4 + 4 * 3
    assert (dearest[["tokens", "flops", "seconds", "calls"]] > 0).all(axis=None)


@needs_nano
def test_a_budget_in_detailed_flops_is_never_passed(tmp_path):
    path = tmp_path / "counted.yaml"
    path.write_text(RECIPE.replace("SHARED", "once"))
    limit = 3e8
    sets = [f"results={tmp_path / 'results'}", f"budget.per_problem.flops={limit}"]
    outcome = run_recipe(load_recipe(path, sets))
    rates = outcome.manifest.choices.rates
    solver, judge = (type("Counter", (), rates[r]["flops"]) for r in ("solver", "genrm"))
    solutions = read_frame(outcome.run.solutions, "solutions")
    used = {
        name: flops(solver, int(g["prompt_tokens"].iloc[0]), g["completion_tokens"], True)
        for name, g in solutions.groupby("problem_id", observed=True)
    }
    judged = read_frame(outcome.run.verifications, "verifications").merge(
        solutions[["problem_id", "solution_index", "text"]].rename(columns={"text": "solution"})
    )
    # Solutions of one text share a prompt.
    for (name, _), g in judged.groupby(["problem_id", "solution"], observed=True):
        used[name] += flops(judge, int(g["prompt_tokens"].iloc[0]), g["completion_tokens"], True)
    assert outcome.manifest.status == "budget"
    assert 0.3 * limit < max(used.values()) <= limit


@pytest.fixture
def simulated(tmp_path):
    config = SimulationConfig(problems=5, solutions=6, verified_solutions=4, verifications=3)
    return simulate_run(config, 0, tmp_path / "results" / "sim")


def test_lambda_is_measured_or_set_and_c_follows(simulated):
    loaded, manifest = load_pool(simulated), simulated.manifest()
    solutions = read_frame(simulated.solutions, "solutions")
    judged = read_frame(simulated.verifications, "verifications")
    measured = judged["completion_tokens"].mean() / solutions["completion_tokens"].mean()
    costs = unit_costs(loaded, CostConfig(), manifest)
    assert costs.ratio == pytest.approx(measured)
    assert costs.compute(3, 2) == pytest.approx(3 * (1 + 2 * measured))
    assert costs.compute(3, 0) == 3
    fixed = unit_costs(loaded, CostConfig.model_validate({"lambda": 2}), manifest)
    assert fixed.compute(4, 8) == 4 * (1 + 2 * 8)


def test_what_nobody_knows_is_nan_not_zero(simulated):
    costs = unit_costs(load_pool(simulated), CostConfig(), simulated.manifest())
    cell = costs.cell(2, 1)
    assert all(np.isnan(cell[unit]) for unit in ("flops", "usd", "seconds"))
    known = CostConfig(
        card=CARD,
        flops="detailed",
        prices={"prompt_per_million": 1, "completion_per_million": 2},
    )
    cell = unit_costs(load_pool(simulated), known, simulated.manifest()).cell(2, 1)
    solutions = read_frame(simulated.solutions, "solutions")
    judged = read_frame(simulated.verifications, "verifications")
    counter = CARD.counter()
    each = [
        np.mean([flops(counter, 0, [n], True) for n in frame["completion_tokens"]])
        for frame in (solutions, judged)
    ]
    assert cell["flops"] == pytest.approx(2 * each[0] + 2 * each[1], rel=1e-9)
    assert cell["usd"] == pytest.approx(cell["completion_tokens"] * 2e-6)


@pytest.fixture
def halves_known(tmp_path):
    """Two imports of the same judgements: one of which half of the problems have no lengths."""

    def made(name, known):
        lines = []
        for i in range(8):
            verdicts = [{"verdict": j % 2 == 0, "tokens": 50} for j in range(4)]
            one = {"answer": str(i % 3), "verifications": verdicts}
            told = one | ({"tokens": 80 + 40 * (i % 4 == 0)} if known(i) else {})
            lines.append({"problem_id": f"p{i}", "answer": "1", "solutions": [told] * 4})
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)))
        return import_pool(tmp_path / f"{name}.jsonl", tmp_path / name)

    return made("full", lambda i: True), made("half", lambda i: i % 2 == 0)


def test_unknown_lengths_of_an_import_are_no_lengths_of_zero(halves_known):
    full, half = halves_known
    costs = unit_costs(load_pool(half), CostConfig(), half.manifest())
    known = unit_costs(
        load_pool(full).only({f"p{i}" for i in (0, 2, 4, 6)}), CostConfig(), full.manifest()
    )
    assert costs.ratio == pytest.approx(known.ratio) == 0.5
    assert costs.cell(4, 2)["tokens"] == pytest.approx(known.cell(4, 2)["tokens"]) == 800
    assert "16 completions have neither text nor token count" in half.manifest().note
    tokens = load_pool(half, reads=("tokens",)).arrays.tokens
    assert np.isnan(tokens[1::2]).all()
    assert (tokens[::2] > 0).all()
    assert np.isfinite(load_pool(half).arrays.solution_tokens).all()


def test_lengths_that_nobody_knows_stay_unknown(tmp_path):
    lines = [
        {"problem_id": f"p{i}", "answer": "1", "solutions": [{"answer": "1"}] * 2} for i in range(3)
    ]
    (tmp_path / "none.jsonl").write_text("\n".join(map(json.dumps, lines)))
    run = import_pool(tmp_path / "none.jsonl", tmp_path / "none")
    assert "tokens" not in given({"tokens": load_pool(run, reads=("tokens",)).arrays.tokens})
