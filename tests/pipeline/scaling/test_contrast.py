"""Named methods at equal compute: the difference, its test, and what is refused."""

import json

import numpy as np
import pytest
from processes import ttc
from scipy.stats import ttest_rel

from ttc.analysis.grid import evaluate
from ttc.analysis.many import holm
from ttc.analysis.simulate import SimulationConfig
from ttc.errors import DataError, UsageError
from ttc.pipeline.scaling import FitRequest
from ttc.pipeline.scaling.contrasting import contrast
from ttc.policies import named
from ttc.store.pool import load_pool
from ttc.store.simulated import simulate_run

GOOD = SimulationConfig(
    problems=40,
    solutions=16,
    verified_solutions=16,
    verifications=4,
    true_positive_rate=0.9,
    false_positive_rate=0.15,
    trap_rate=0.4,
)
REQUEST = FitRequest(unit="c", draws=200)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return simulate_run(GOOD, 1, tmp_path_factory.mktemp("results") / "sim")


def test_at_sizes_that_are_told_it_is_the_paired_t_test(run):
    (row,) = contrast(run, ["majority@16", "best_of_n@4x2"], [], REQUEST).rows
    pool = load_pool(run).arrays
    policies = [named("majority"), named("best_of_n")]
    grid = evaluate(pool, [4, 16], [2], policies, np.random.default_rng(0))
    vote, best = grid.success[:, 0, 1, 0], grid.success[:, 1, 0, 1]
    assert row.difference.estimate == pytest.approx((best - vote).mean())
    assert row.p == row.p_holm == pytest.approx(ttest_rel(best, vote).pvalue)
    assert (row.first.S, row.second.S, row.second.V) == (16, 4, 2)
    assert row.difference.low < row.difference.estimate < row.difference.high


def test_within_a_budget_each_takes_its_best_and_many_are_adjusted(run):
    methods = ["majority", "best_of_n", "weighted_majority"]
    found = contrast(run, methods, [4.0, 16.0, 40.0], REQUEST)
    assert [(row.budget, row.second.policy) for row in found.rows] == [
        (budget, name) for budget in (4.0, 16.0, 40.0) for name in methods[1:]
    ]
    for row in found.rows:
        assert max(row.first.cost, row.second.cost) <= row.budget
    assert [row.p_holm for row in found.rows] == holm([row.p for row in found.rows]).tolist()
    assert any(row.p_holm > row.p for row in found.rows)


@pytest.mark.slow
def test_equal_methods_differ_as_rarely_as_the_level_says(tmp_path):
    """A verifier that knows nothing against the mean: best-of-N picks at random."""
    world = GOOD.model_copy(
        update={"true_positive_rate": 0.4, "false_positive_rate": 0.4, "verifications": 1}
    )
    wrong = 0
    for seed in range(40):
        run = simulate_run(world, seed, tmp_path / str(seed))
        (row,) = contrast(run, ["first", "best_of_n@8x1"], [], REQUEST).rows
        wrong += row.p < 0.05
        assert (row.p < 0.05) >= (row.difference.low > 0 or row.difference.high < 0)
    assert wrong <= 6


@pytest.mark.parametrize(
    ("methods", "budgets", "error", "said"),
    [
        (["majority"], [4.0], UsageError, "two methods at least"),
        (["majority", "best_of_n"], [], UsageError, "or --budget"),
        (["majority", "best_of_n@99"], [4.0], DataError, "no best_of_n at S = 99"),
        (["majority", "best_of_n"], [1.5], DataError, "buys no best_of_n"),
        (["majority", "majority@2x2"], [4.0], UsageError, "reads no verifications"),
        (["majority", "oracle"], [4.0], DataError, "no oracle"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(run, methods, budgets, error, said):
    with pytest.raises(error, match=said):
        contrast(run, methods, budgets, REQUEST)


def test_problems_of_one_template_are_one(run):
    with pytest.raises(UsageError, match="has no metadata 'template'"):
        contrast(
            run, ["majority@4", "majority@8"], [], FitRequest(cluster="metadata.template", draws=20)
        )


def test_from_the_shell(run):
    folder = run.path.parent
    words = ("contrast", run.path, "majority", "best_of_n", "--unit", "c", "--budget", "16")
    done = ttc(folder, *words)
    assert done.returncode == 0, done.stderr
    assert "paired t test over problems" in done.stdout
    (row,) = json.loads(ttc(folder, *words, "--json").stdout)
    assert row["difference"]["low"] < row["difference"]["estimate"]
