"""What a plan says a budget buys, against the ledger and against runs that spent it."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttc.budget.ledger import BudgetConfig, Ledger
from ttc.pipeline.planning.forecast import Forecast, Load, Range, RoleForecast
from ttc.pipeline.planning.limits import limits
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
    backend: {type: nano, model: nano-verifier}
    prompt: nano-genrm
    solutions: 8
    verifications: 6
    temperature: 1.0
    max_tokens: 160
    score: binary
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("limits")
    (path / "small.yaml").write_text(RECIPE)
    run_recipe(recipe(path))
    return path


def recipe(folder, *overrides):
    return load_recipe(folder / "small.yaml", [f"results={folder / 'results'}", *overrides])


def planned(folder, *overrides, **request):
    return make_plan(recipe(folder, *overrides), PlanRequest(**(request or {"like": "small"})))


def bought(folder, *overrides):
    ledger = run_recipe(recipe(folder, *overrides)).manifest.ledger
    return [ledger["roles"][role]["samples"] / 12 for role in ("solver", "verifier")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "overrides"),
    [
        (400, []),
        (1000, []),
        (1500, []),
        (1900, ["engine.n_per_call=1"]),
        (400, ["engine.n_per_call=1"]),
        (1000, ["cost.shared_prompt=per_sample", "engine.n_per_call=4"]),
    ],
)
def test_what_a_problems_limit_buys(folder, limit, overrides):
    # Engine settings are no part of a run's id, though a budget may end elsewhere by them.
    name = f"name=problem-{limit}-{len(overrides)}"
    overrides = [*overrides, f"budget.per_problem.tokens={limit}", name]
    (one,) = planned(folder, *overrides).limits
    solutions, verifications = bought(folder, *overrides)
    assert (one.scope, one.unit, one.limit, one.fits) == ("problem", "tokens", limit, False)
    assert one.solutions == pytest.approx(solutions, abs=1)
    assert one.verifications == pytest.approx(verifications, abs=4)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [3000, 10_000, 16_000])
def test_what_a_runs_limit_buys(folder, limit):
    overrides = [f"budget.per_run.tokens={limit}", f"name=run-{limit}"]
    (one,) = planned(folder, *overrides).limits
    solutions, verifications = bought(folder, *overrides)
    assert (one.scope, one.fits) == ("run", False)
    assert one.solutions == pytest.approx(solutions, rel=0.15, abs=1.5)
    assert one.verifications == pytest.approx(verifications, rel=0.25, abs=3)


def test_a_limit_that_fits_is_not_reached(folder):
    overrides = ["budget.per_problem.tokens=[900,9000]", "budget.per_run.flops=1e12"]
    first, second, third = planned(folder, *overrides).limits
    assert [one.fits for one in (first, second, third)] == [False, True, True]
    assert second.solutions is None
    assert bought(folder, *overrides, "name=fits") == [16, 48]


def test_calls_and_seconds(folder):
    overrides = ["budget.per_run.calls=300", "budget.per_run.seconds=1e6"]
    calls, seconds = planned(folder, *overrides).limits
    # 25 a problem, S = 16 to V = 6 as it is asked for: s + s v, with v = 6/16 s.
    assert calls.fits is False
    assert calls.solutions == pytest.approx(6.94, abs=0.01)
    assert calls.solutions + calls.verifications == pytest.approx(25)
    assert seconds.fits
    assert planned(folder, "budget.per_run.seconds=1e-3").limits[0].fits is False


def test_without_lengths_only_what_surely_fits_is_said_to(folder):
    overrides = ["budget.per_problem.tokens=[2000,99999]", "budget.per_run.seconds=60"]
    small, large, seconds = planned(folder, *overrides, pilot_solutions=8).limits
    assert (small.fits, large.fits, seconds.fits) == (None, True, None)
    assert small.as_dict()["forecast"] is None


def test_an_unknown_price_is_not_known(folder):
    (one,) = planned(folder, "budget.per_run.usd=1").limits
    assert one.fits is None


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 9),
    st.integers(1, 4),
    st.lists(st.integers(1, 30), min_size=3, max_size=3),
    st.integers(1, 1500),
)
def test_what_is_bought_is_what_the_ledger_admits(solutions, group, amounts, limit):
    solver = load("solver", 1, solutions, group, *amounts)
    nothing = Range(0, 0, 0, 0)
    total = RoleForecast("total", "", 0, 0, 0, 0, nothing, nothing, nothing, 0.0)
    budget = BudgetConfig.model_validate({"per_problem": {"tokens": limit}})
    (one,) = limits(budget, Forecast(1, (), total, (solver,), ()))
    (admitted,) = asyncio.run(spend(Ledger(budget, ["p"]), (solver,)))
    assert (solutions if one.fits else one.solutions) == admitted


def load(role, prompts, each, group, prompt, mean, more):
    """Every sample takes `mean` tokens, and `mean + more` at most."""
    shared, own = {"tokens": np.array([float(prompt)])}, {"tokens": np.array([float(mean)])}
    most = {"tokens": float(mean + more)}
    return Load(role, prompts, each, group, shared, own, {"tokens": float(prompt)}, most)


async def part(ledger, load, start, asked):
    """Samples of a chunk's rest that fit, drawn and settled."""
    prompt = load.shared["tokens"][0] if start == 0 else 0

    def worst(n):
        return amounts(prompt + n * load.own_most["tokens"])

    n = await ledger.admit("p", asked, worst)
    if n:
        used = amounts(prompt + n * load.own["tokens"][0])
        counted = {"prompt_tokens": 0, "completion_tokens": 0, "samples": n, "paid": 1}
        ledger.settle("p", "solver", worst(n), used, **counted)
    return n


async def spend(ledger, loads):
    """As the engine does: chunk by chunk, and near the end in parts of chunks."""
    counts = []
    for load in loads:
        count = 0
        for _ in range(load.prompts if not counts else min(load.prompts, counts[0])):
            for start in range(0, load.each, load.group):
                got, asked = 0, min(load.group, load.each - start)
                while got < asked and (n := await part(ledger, load, start + got, asked - got)):
                    got += n
                count += got
                if got < asked:
                    break
        counts.append(count)
    return tuple(counts)


def amounts(tokens):
    return {"tokens": tokens, "flops": 0.0, "usd": 0.0, "calls": 0.0}
