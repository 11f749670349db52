"""Commands that choose within a budget say the same; problems made together count as one."""

import json

import numpy as np
import pytest
from processes import ttc

from ttc.analysis.simulate import SimulationConfig
from ttc.pipeline.scaling import FitRequest, fit_scaling
from ttc.pipeline.scaling.contrasting import contrast
from ttc.pipeline.scaling.recommending import recommend
from ttc.store.run_folder import find_run
from ttc.store.simulated import simulate_run

RECIPE = """
name: small
dataset: {type: nano, family: arithmetic, levels: [2], problems: 6}
backend: {type: nano, model: nano-solver}
sampler: {type: independent, solutions: 8, temperature: 1.0, max_tokens: 64}
verifiers:
  - {type: genrm, backend: {type: nano, model: nano-verifier}, prompt: nano-genrm,
     verifications: 2, max_tokens: 160, score: binary}
budget: {per_problem: {tokens: [200, 1500]}}
"""


def test_recommend_and_contrast_choose_the_same_and_expect_the_same(tmp_path):
    world = SimulationConfig(problems=30, solutions=12, verified_solutions=6, verifications=4)
    run = simulate_run(world, 3, tmp_path / "sim")
    request = FitRequest(unit="c", draws=100, policies=("best_of_n",))
    (advised,) = recommend(run, [14.0], request)
    (row,) = contrast(run, ["majority", "best_of_n"], [14.0], request).rows
    told = {one.policy: one for one in (advised.best, *(r.allocation for r in advised.rivals))}
    for side in (row.first, row.second):
        own = told[side.policy]
        assert (own.S, own.V, own.cost) == (side.S, side.V, pytest.approx(side.cost))
        assert own.success == side.success


@pytest.mark.slow
def test_headlines_do_not_depend_on_the_budgets_at_which_gains_are_stated(tmp_path):
    world = SimulationConfig(problems=30, solutions=16, verified_solutions=4, verifications=4)
    run = simulate_run(world, 1, tmp_path / "sim")
    request = FitRequest(unit="c", draws=60, policies=("best_of_n",))
    usual = fit_scaling([run], request).methods[0]
    few = fit_scaling([run], FitRequest(unit="c", draws=60, policies=("best_of_n",), budgets=(3,)))
    both = (one.as_dict()["figures"] for one in (few.methods[0], usual))
    assert next(both) == next(both)
    assert [one.budget for one in few.methods[0].at] == [3]
    vote = usual.figures["sc_plateau"].estimate  # over all 16, though 4 are verified
    assert vote == pytest.approx(usual.analysis.voted.success[-1], abs=0.03)


@pytest.mark.slow
def test_two_methods_of_different_prices_share_the_budgets_of_their_rows(tmp_path):
    world = SimulationConfig(problems=30, solutions=16, verified_solutions=16, verifications=4)
    dear = world.model_copy(update={"verification_tokens": {"mean": 900}})
    runs = [
        simulate_run(SimulationConfig.model_validate(one.model_dump()), 1, tmp_path / str(i))
        for i, one in enumerate((world, dear))
    ]
    methods = fit_scaling(runs, FitRequest(draws=40, policies=("best_of_n",))).methods
    assert [one.budget for one in methods[0].at] == [one.budget for one in methods[1].at]
    for method in methods:
        for one in method.at:
            costs = [side.cost for side in (one.voted, one.verified) if side.S]
            assert max(costs, default=0) <= one.budget * (1 + 1e-9)


def test_show_tells_the_best_of_each_budget_out_of_bag(tmp_path):
    (tmp_path / "small.yaml").write_text(RECIPE)
    done = ttc(tmp_path, "run", "small.yaml", "--plain")
    assert done.returncode == 0, done.stderr
    assert "its success on problems it was not chosen by" in done.stdout
    assert "intervals from 6 problems are rough" in done.stdout
    best = find_run("small", tmp_path / "results").manifest().evaluation["best"]
    assert {row["budget"] for row in best} == {200, 1500}
    assert {row["policy"] for row in best} >= {"first", "majority", "best_of_n", "oracle"}
    for row in best:
        assert row["tokens"] <= row["budget"]
        assert row["low"] <= row["expected"] <= row["high"]
    alone = [row for row in best if row["policy"] == "first"]
    assert len({row["expected"] for row in alone}) == 1  # nothing was chosen


def test_templates_are_resampled_whole(tmp_path):
    """Eight problems a template that behave alike: intervals as of templates, not of problems."""
    rng = np.random.default_rng(0)
    lines = []
    for i in range(64):
        right = (i // 8) % 2 == 0
        answers = ["7" if right or rng.random() < 0.2 else "8" for _ in range(4)]
        lines.append(
            {
                "problem_id": f"p{i}",
                "question": "?",
                "answer": "7",
                "metadata": {"template": i // 8},
                "solutions": [{"answer": answer, "tokens": 9} for answer in answers],
            }
        )
    (tmp_path / "pool.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert ttc(tmp_path, "import", "pool.jsonl").returncode == 0
    words = ("curves", "pool", "--policy", "first", "--json")
    (plain,) = json.loads(ttc(tmp_path, *words).stdout)
    (whole,) = json.loads(ttc(tmp_path, *words, "--cluster", "metadata.template").stdout)
    assert whole["success"] == plain["success"]
    width = plain["ci_high"] - plain["ci_low"]
    assert whole["ci_high"] - whole["ci_low"] > 2 * width
    done = ttc(tmp_path, *words, "--cluster", "metadata.tempalte")
    assert "did you mean 'template'?" in done.stderr


def test_figures_of_repeated_samples_have_a_width_near_0_and_1(tmp_path):
    lines = [
        {"problem_id": f"p{i}", "answer": "7", "solutions": [{"answer": "8"}] * 4}
        for i in range(20)
    ]
    (tmp_path / "none.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    assert ttc(tmp_path, "import", "none.jsonl").returncode == 0
    said = json.loads(ttc(tmp_path, "metrics", "none", "--k", "2", "--json").stdout)
    text = ttc(tmp_path, "metrics", "none", "--k", "2").stdout
    assert "0.0 (0.0 to 0.0)" not in text
    assert said["problems"] == 20
