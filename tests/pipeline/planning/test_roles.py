"""Plans of methods that draw as they find: what they say of themselves, what a pilot measures."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pytest
from rich.console import Console

from ttc.core import Attempt, Solution
from ttc.pipeline.monitor import planned
from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.planning.roles import planned_roles
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.refs import BackendRef, VerifierRef
from ttc.report.plan import print_plan
from ttc.samplers import SamplerPart
from ttc.samplers.independent import Independent

RECIPE = """
name: own
dataset: {type: nano, family: arithmetic, levels: [1, 2], problems: 8}
backend: {type: nano, model: nano-solver}
sampler: SAMPLER
policies: [first]
results: RESULTS
"""
JUDGE = "backend: {type: nano, model: nano-verifier}, prompt: nano-genrm, max_tokens: 64"
CRITIC = f"{{type: genrm, verifications: 2, {JUDGE}}}"
ADAPTIVE = "{type: adaptive, rule: esc, most: 10, draw: {temperature: 1.0, max_tokens: 48}}"


class Critical(SamplerPart):
    """Draws until its critic is content; says of itself only as much as it is told to."""

    type: Literal["critical"] = "critical"
    roles: ClassVar[dict[str, str]] = {"spare": "draft"}
    draw: Independent = Independent(temperature=1.0, max_tokens=32)
    critic: VerifierRef
    spare: BackendRef | None = None
    most: int = 0

    def most_solutions(self):
        return self.most or None

    def most_samples(self):
        return {"solver": self.most, "critic": 2 * self.most} if self.most else None

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found: list[Solution] = []
        while len(found) < 3 and not attempt.refused:
            found += await self.draw.some(attempt, 1)
            if any(v.verdict for v in await attempt.judge(self.critic, found[-1:])):
                break
        return found


@pytest.fixture(autouse=True)
def foreign_parts(own_parts):
    own_parts(Critical)


def recipe(folder, sampler, more=""):
    text = RECIPE.replace("SAMPLER", sampler).replace("RESULTS", f"{folder}/results")
    return parse_recipe(text + more)


def shown(plan):
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    print_plan(console, plan)
    return console.export_text()


def test_an_adaptive_sampler_is_bounded_by_the_most_it_draws(tmp_path):
    plan = make_plan(recipe(tmp_path, ADAPTIVE), PlanRequest())
    (solver,) = plan.forecast.roles
    assert solver.samples is None
    assert solver.most_samples == 80
    outcome = run_recipe(recipe(tmp_path, ADAPTIVE))
    used = outcome.manifest.ledger["roles"]["solver"]
    tokens = used["prompt_tokens"] + used["completion_tokens"]
    assert tokens < plan.forecast.total.tokens.most < 5 * tokens
    assert "≤ 80" in shown(plan)
    assert planned(recipe(tmp_path, ADAPTIVE)) == {"solver": 10}


def test_a_pilot_measures_what_it_draws(tmp_path):
    pilot = make_plan(recipe(tmp_path, ADAPTIVE), PlanRequest(pilot=8)).forecast
    used = run_recipe(recipe(tmp_path, ADAPTIVE)).manifest.ledger["roles"]["solver"]
    assert used["paid_samples"] == 0
    assert pilot.total.samples == used["samples"] < pilot.total.most_samples
    assert pilot.total.tokens.expected == used["prompt_tokens"] + used["completion_tokens"]
    assert pilot.total.flops.expected == pytest.approx(used["flops"])


def test_each_role_of_a_method_is_told(tmp_path):
    own = recipe(tmp_path, f"{{type: critical, critic: {CRITIC}, most: 3}}")
    solver, critic = make_plan(own, PlanRequest()).forecast.roles
    assert (solver.role, solver.model, solver.most_samples) == ("solver", "nano-solver", 24)
    assert (critic.role, critic.model, critic.most_samples) == ("critic", "nano-verifier", 48)
    ledger = run_recipe(own).manifest.ledger["roles"]
    found = make_plan(own, PlanRequest(like="own")).forecast
    assert {r.role: r.samples for r in found.roles} == {
        role: used["samples"] for role, used in ledger.items()
    }
    for role in found.roles:
        used = ledger[role.role]
        tokens = used["prompt_tokens"] + used["completion_tokens"]
        assert role.tokens.expected == pytest.approx(tokens, rel=1e-9)


def test_what_a_method_does_not_say_is_said_and_bounded_by_the_budget(tmp_path):
    silent = f"{{type: critical, critic: {CRITIC}, spare: {{type: nano, model: nano-draft}}}}"
    plan = make_plan(recipe(tmp_path, silent), PlanRequest())
    assert [role.name for role in planned_roles(recipe(tmp_path, silent))] == [
        "solver",
        "draft",
        "critic",
    ]
    assert {role.most_samples for role in plan.forecast.roles} == {None}
    said = shown(plan)
    assert "does not say how many samples it asks for; give a budget, or run a pilot" in said
    assert "at most" not in said
    budget = "budget: {per_problem: {tokens: [100, 200]}, per_run: {usd: 3}}\n"
    plan = make_plan(recipe(tmp_path, silent, budget), PlanRequest())
    assert plan.forecast.total.tokens.most == 8 * 200
    assert {one.fits for one in plan.limits} == {None}
    assert "at most, by the budget: 1.6k tokens, 3.00 USD" in shown(plan)
    assert planned(recipe(tmp_path, silent)) is None
    assert plan.as_dict()["total"]["samples"] is None


def test_verifiers_of_what_an_adaptive_sampler_draws(tmp_path):
    more = f"verifiers: [{{type: genrm, name: judge, verifications: 3, {JUDGE}}}]\n"
    own = recipe(tmp_path, ADAPTIVE, more)
    solver, judge = make_plan(own, PlanRequest()).forecast.roles
    assert (solver.most_samples, judge.most_samples) == (80, 240)
    ledger = run_recipe(own).manifest.ledger["roles"]
    found = make_plan(own, PlanRequest(like="own")).forecast
    assert [role.samples for role in found.roles] == [
        ledger["solver"]["samples"],
        ledger["verifier"]["samples"],
    ]
    assert found.total.tokens.expected == sum(
        used["prompt_tokens"] + used["completion_tokens"] for used in ledger.values()
    )
