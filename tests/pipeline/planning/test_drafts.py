"""Plans of recipes whose model has its tokens drafted."""

import pytest
import yaml

from ttc.pipeline.planning.plan import PlanRequest, make_plan
from ttc.pipeline.run import run_recipe
from ttc.recipe import parse_recipe
from ttc.store.tables import read_frame


def recipe(folder, backend, **more):
    return parse_recipe(
        yaml.safe_dump(
            {
                "name": "planned",
                "dataset": {"type": "nano", "levels": [2, 3], "problems": 8},
                "backend": backend,
                "sampler": {"type": "independent", "solutions": 4, "max_tokens": 64}
                | more.pop("sampler", {}),
                "policies": ["first"],
                "results": str(folder),
                **more,
            }
        )
    )


DRAFTED = {"type": "nano", "model": "nano-solver", "speculation": {"tree": [2, 1]}}


def test_a_pilot_measures_what_drafts_take(tmp_path):
    wanted = recipe(tmp_path, DRAFTED)
    blind = make_plan(wanted, PlanRequest()).forecast
    assert any("what drafts of nano-draft take" in note for note in blind.notes)
    plan = make_plan(wanted, PlanRequest(pilot=4)).forecast
    assert not any("drafts" in note for note in plan.notes)
    samples = read_frame(run_recipe(wanted).run.table("samples"), "samples")
    drawn = samples["prompt_tokens"] - samples["cached_tokens"] + samples["completion_tokens"]
    discarded = samples["drafted"] - samples["accepted"]
    for found, actual in (
        (plan.total.flops, samples["flops"].sum()),
        (plan.total.tokens, (drawn + discarded).sum()),
    ):
        assert found.expected == pytest.approx(actual, rel=0.3)
        assert found.most >= actual
    assert blind.total.flops.most == plan.total.flops.most


def test_a_servers_drafts_are_told(tmp_path):
    told = {"tokens": 4, "acceptance": 0.8, "draft_parameters": 5e8, "draft_time": 0.1}
    served = {"type": "openai", "base_url": "http://localhost:9/v1", "model": "big"}
    wanted = recipe(
        tmp_path,
        served,
        sampler={"prompt": "nano-solver"},
        cost={"models": {"big": {"parameters": 7e9, "speculation": told}}},
    )
    plan = make_plan(wanted, PlanRequest(solution_tokens=50.0)).forecast
    said = "drafts of 4 tokens, each taken with probability 0.80, bring 3.36 tokens a pass"
    assert any(f"big: {said} at 1.57 times the FLOPs" in note for note in plan.notes)
    solver = plan.roles[0]
    ratio = (5 * 7e9 + 4 * 5e8) / 3.3616 / 7e9
    expected = 2 * 7e9 * (solver.prompt_tokens + ratio * solver.completion_tokens)
    assert solver.flops.expected == pytest.approx(expected, rel=1e-3)
