"""Every sampler: what a plan says it uses at most bounds what its run did, and which key of it a
budget that is too small is told to lower.
"""

import json
import math
from contextlib import suppress

import pytest

from ttc.errors import BudgetExhausted
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.run import run_recipe
from ttc.recipe import load_recipe, shipped_recipes
from ttc.registry import parts
from ttc.store.run_folder import find_run

COST = "cost={parameters: 1000, prices: {prompt_per_million: 300, completion_per_million: 400}}"
TINY = {
    "ab-mcts": ["solutions=4", "batch=2"],
    "adaptive": ["most=4"],
    "beam": ["beams=4", "width=2"],
    "budget-force": ["solutions=2"],
    "contested": ["draw.solutions=4", "votes=2"],
    "deepconf": ["warmup=2", "most=4"],
    "dvts": ["beams=4", "width=2"],
    "evolve": ["generations=2", "children=3"],
    "genselect": ["solutions=4", "selections=2"],
    "independent": ["solutions=4"],
    "mcts": ["expansions=4"],
    "mixture": ["solutions=4"],
    "particle": ["particles=3"],
    "particle-gibbs": ["particles=3", "iterations=2"],
    "proof-pool": ["solutions=3", "keep=2", "refinements=2", "rounds=2"],
    "refine": ["chains=2"],
    "speculate": ["solutions=2"],
    "spoc": ["passes=2"],
    "staged": [],
}
SLOW = [pytest.param(f"samplers/{one}", marks=pytest.mark.slow) for one in ("spoc", "genselect")]
SERVED = ("samplers/refine", *SLOW)
ALIKE = {f"samplers/adaptive_{one}" for one in ("anytime", "consistency", "selective")}


def in_process():
    """Shipped recipes with embedded models, one or more for each sampler."""
    found = [one for one in shipped_recipes() if one.name.startswith(("samplers/", "repair/"))]
    return [one for one in found if one.name not in ALIKE]


EACH = pytest.mark.parametrize("shipped", in_process(), ids=lambda one: one.name)


def tiny(shipped, folder, *more):
    kind = load_recipe(shipped.path).sampler.type
    changes = [f"sampler.{one}" for one in TINY[kind]]
    return load_recipe(
        shipped.path, [*changes, "dataset.problems=2", f"results={folder}", COST, *more]
    )


def test_all_samplers_are_there():
    kinds = {load_recipe(one.path).sampler.type for one in in_process()}
    assert kinds == set(TINY) == set(parts("sampler"))


def used(manifest):
    roles = manifest.ledger["roles"].values()
    return {
        "tokens": sum(r["prompt_tokens"] + r["completion_tokens"] for r in roles),
        "usd": sum(r["usd"] for r in roles),
        "flops": sum(r["flops"] for r in roles),
    }


@pytest.mark.slow
@EACH
def test_no_ledger_exceeds_what_is_planned_at_most(shipped, tmp_path):
    one = tiny(shipped, tmp_path)
    plan = make_plan(one, PlanRequest()).forecast
    ledger = run_recipe(one).manifest.ledger["roles"]
    by_role = {role.role: role for role in plan.roles}
    labels = {verifier.label for verifier in one.verifiers}
    for name, spent in ledger.items():
        own = [r for r in by_role.values() if r.role == name or name == "verifier"]
        tokens = spent["prompt_tokens"] + spent["completion_tokens"]
        if name == "program" and not own:  # a verifier's, which no plan names: they cost nothing
            assert tokens == spent["usd"] == spent["flops"] == 0
            continue
        assert own, name
        if name == "verifier":
            own = [r for r in own if r.role in labels]
        assert spent["samples"] <= sum(r.most_samples for r in own), name
        assert tokens <= sum(r.tokens.most for r in own), name
        assert spent["usd"] <= sum(r.usd.most for r in own) * (1 + 1e-9), name
        assert spent["flops"] <= sum(r.flops.most for r in own) * (1 + 1e-9), name
    assert not plan.total.unsure
    assert math.isfinite(plan.total.tokens.most)


def served(recipe, url):
    """The same with every embedded model behind a real server, but for those that score steps."""

    def other(value):
        if isinstance(value, dict):
            if value.get("type") == "nano" and value.get("model", "x").startswith("nano-"):
                if value["model"] == "nano-prm":
                    return value
                return {"type": "openai", "base_url": url, "model": value["model"]}
            return {key: other(inner) for key, inner in value.items()}
        return [other(inner) for inner in value] if isinstance(value, list) else value

    return other(recipe)


@pytest.mark.parametrize("name", SERVED)
def test_of_served_models_it_is_about_that(name, tmp_path, nano_server):
    """The embedded tokenizer makes no more tokens of a text than it has bytes or was sampled."""
    from ttc.recipe import parse_recipe, resolve

    shipped = next(one for one in in_process() if one.name == name)
    data = resolve(tiny(shipped, tmp_path, "name=served"))
    dataset = data.pop("dataset")
    one = parse_recipe(json.dumps({"dataset": dataset, **served(data, nano_server)}))
    plan = make_plan(one, PlanRequest()).forecast
    spent, total = used(run_recipe(one).manifest), plan.total
    assert "is not here" in total.unsure
    for unit in ("tokens", "usd", "flops"):
        assert spent[unit] <= getattr(total, unit).most < 400 * spent[unit]


@EACH
def test_what_a_short_budget_is_told_to_lower_bounds_the_first_request(shipped, tmp_path):
    """The budget has room for prompts, but for no sample of that length; for one a token long it
    has.
    """
    whole = tiny(shipped, tmp_path)
    key = f"sampler.{whole.sampler.first_longest}"
    long = [100_000] if key.endswith("thinking") else 100_000
    short = [1] if key.endswith("thinking") else 1
    budget = ("budget={per_problem: {tokens: 40000}}", "verifiers=[]", "policies=[first]")
    with pytest.raises(BudgetExhausted) as error:
        run_recipe(tiny(shipped, tmp_path, *budget, "name=long", f"{key}={long}"))
    assert f"lower {key}, whose whole length" in str(error.value)
    with suppress(BudgetExhausted):  # a token may be too little for what becomes a solution
        run_recipe(tiny(shipped, tmp_path, *budget, "name=short", f"{key}={short}"))
    ledger = find_run("short", tmp_path).manifest().ledger
    assert sum(role["samples"] for name, role in ledger["roles"].items() if name != "program") > 0
