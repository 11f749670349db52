"""A budget that is short of a recipe keeps its ratio of solutions and verifications."""

import re

import pytest
from processes import ttc

from ttc.budget.asked import Asked
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.planning.short import sentence, short_budgets
from ttc.pipeline.run import load_problems, run_recipe
from ttc.recipe import load_recipe

RECIPE = """
name: ratio
dataset: {type: nano, family: arithmetic, levels: [2, 3, 4], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 16, temperature: 1.0, max_tokens: 96}
verifiers:
  - {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
     verifications: 8, temperature: 1.0, max_tokens: 160, score: binary}
"""


def prices(*tokens):
    return [{"tokens": t, "flops": 0.0, "usd": 0.0, "calls": 1.0} for t in tokens]


def limit(tokens):
    infinite = float("inf")
    return {"tokens": tokens, "flops": infinite, "usd": infinite, "calls": infinite}


def test_solutions_and_verifications_shrink_alike():
    asked = Asked(16, (lambda n: 8 * n,), tuple(prices(10, 10)))
    scale = asked.scale(asked.prices, limit(16 * 10 + 128 * 10))
    assert scale == 1.0
    for tokens in (200, 500, 900):
        solutions, verifications = asked.counts(asked.scale(asked.prices, limit(tokens)))
        assert verifications / solutions == pytest.approx(max(1.0, 8 / 16 * solutions))
        assert 10 * (solutions + verifications) == pytest.approx(tokens)


def recipe(folder, *overrides):
    (folder / "ratio.yaml").write_text(RECIPE)
    return load_recipe(folder / "ratio.yaml", [f"results={folder / 'results'}", *overrides])


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["per_problem", "per_run"])
def test_a_short_budget_buys_solutions_and_verifications_in_the_asked_for_ratio(tmp_path, scope):
    tokens = 1500 * (6 if scope == "per_run" else 1)
    one = recipe(tmp_path, f"budget.{scope}.tokens={tokens}")
    roles = run_recipe(one).manifest.ledger["roles"]
    solutions = roles["solver"]["samples"] / 6
    each = roles["verifier"]["samples"] / roles["solver"]["samples"]
    assert 3 < solutions < 15
    # Asked for are 16 to 8; equal parts of the money would be many more solutions of few each.
    assert 1.2 < solutions / each < 3.3
    used = sum(r["prompt_tokens"] + r["completion_tokens"] for r in roles.values())
    assert 0.75 * 6 * 1500 < used <= 6 * 1500


@pytest.mark.slow
def test_shares_that_are_told_hold_instead(tmp_path):
    shares = "budget.shares={solve: 1, verify: 1}"
    one = recipe(tmp_path, "budget.per_problem.tokens=1500", shares)
    roles = run_recipe(one).manifest.ledger["roles"]
    parts = [r["prompt_tokens"] + r["completion_tokens"] for r in roles.values()]
    assert parts[0] > 0.3 * sum(parts)


@pytest.mark.slow
def test_the_start_says_what_a_short_budget_buys_and_what_would_fit(tmp_path):
    assert short_budgets(recipe(tmp_path), []) == []
    run_recipe(recipe(tmp_path))
    one = recipe(tmp_path, "budget.per_problem.tokens=1200")
    (said,) = short_budgets(one, load_problems(one))
    assert said.startswith("budget.per_problem.tokens: 1,200 tokens buys about ")
    assert "verifications a problem" in said
    assert "would hold all that the recipe asks for" in said
    plan = make_plan(one, PlanRequest(like="ratio"))
    assert sentence(plan.limits[0], plan.forecast) == said
    offer = plan.limits[0].offer
    size = (
        f"sampler.solutions={offer.solutions}",
        f"verifiers.0.verifications={offer.verifications['genrm']}",
    )
    assert offer.verifications["genrm"] == max(1, offer.solutions // 2)
    assert f"{offer.solutions} solutions with" in said
    fitting = recipe(tmp_path, "budget.per_problem.tokens=1200", *size)
    assert run_recipe(fitting).manifest.status == "complete"
    enough = recipe(tmp_path, f"budget.per_problem.tokens={plan.limits[0].needs * 1.1}")
    assert run_recipe(enough).manifest.status == "complete"
    assert short_budgets(enough, load_problems(enough)) == []


@pytest.mark.slow
def test_a_run_after_its_pilot_starts_with_what_the_plan_said(tmp_path):
    """The run's own folder, without samples yet, is no earlier run."""
    recipe(tmp_path)
    words = ("ratio.yaml", "--set", "budget.per_problem.tokens=1200")
    planned = ttc(tmp_path, "plan", *words, "--pilot", "2")
    assert planned.returncode == 0, planned.stderr
    done = ttc(tmp_path, "run", *words, "--plain")
    assert done.returncode == 0, done.stderr
    told = re.search(r"buys about [\d.,]+ solutions and [\d.,]+ verifications", done.stderr)
    assert told is not None, done.stderr
    assert told[0] in " ".join(planned.stdout.split())
