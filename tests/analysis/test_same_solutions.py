"""Verified policies, where only some solutions carry verdicts, against votes over all of them."""

import numpy as np
import pytest

from ttc.analysis.grid import evaluate
from ttc.analysis.passk import pass_at_k
from ttc.analysis.same_solutions import on_all_solutions
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.policies import named

POLICIES = tuple(map(named, ("majority", "best_of_n", "weighted_majority")))
SIZES, DEPTHS = [1, 2, 4], [1, 4]
WORLD = SimulationConfig(
    problems=40,
    solutions=64,
    verified_solutions=8,
    verifications=4,
    true_positive_rate=0.8,
    false_positive_rate=0.3,
)


def both(seed, world=WORLD):
    rng = np.random.default_rng(seed)
    pool = simulate_pool(world, rng).arrays
    grid = evaluate(pool, SIZES, DEPTHS, POLICIES, rng)
    return grid, on_all_solutions(grid, pool, POLICIES, rng), pool


def test_a_single_solution_succeeds_as_often_whoever_chooses():
    grid, corrected, pool = both(0)
    accuracy = pool.correct.mean(axis=1)
    for policy in (1, 2):
        alone = corrected.success[:, policy, 0, 1:]
        np.testing.assert_array_equal(alone, np.repeat(accuracy[:, None], len(DEPTHS), axis=1))
        assert (grid.success[:, policy, 0, 1:] != alone).any()
    np.testing.assert_array_equal(corrected.success[:, 0], grid.success[:, 0])


@pytest.mark.slow
def test_gains_vary_less_and_stay_unbiased():
    """Against fresh pools in which every solution is verified, by which nothing is corrected."""
    whole = WORLD.model_copy(update={"verified_solutions": 64})
    plain, corrected, truth = [], [], []
    for seed in range(60):
        grid, better, _ = both(seed)
        fresh = both(1000 + seed, whole)
        assert fresh[1] is fresh[0]
        for found, into in ((grid, plain), (better, corrected), (fresh[0], truth)):
            mean = found.mean()[0]
            into.append(mean[1:, 1:, 1:] - mean[0, 1:, 0][:, None])
    before, after, fresh = (np.array(found) for found in (plain, corrected, truth))
    falls = 1 - after.std(axis=0) / before.std(axis=0)
    assert falls.min() > 0.05
    assert falls.mean() > 0.15
    noise = np.sqrt(after.var(axis=0) / len(after) + fresh.var(axis=0) / len(fresh))
    assert (np.abs(after.mean(axis=0) - fresh.mean(axis=0)) < 4 * noise).all()


@pytest.mark.parametrize("problems", [1, 4])
def test_few_problems_are_left_as_they_are_beyond_one_solution(problems):
    grid, corrected, pool = both(3, WORLD.model_copy(update={"problems": problems}))
    right, total = pool.correct.sum(axis=1), 64
    covered = pass_at_k(right, total, SIZES)[None].mean(axis=1)[0]
    mean = corrected.mean()[0][1:, :, 1:]
    bound = np.broadcast_to(covered[None, :, None], mean.shape)
    assert (mean <= bound + 1e-9).all()
    alike = grid.mean()[0][1:, 1:, 1:] <= bound[:, 1:]
    np.testing.assert_allclose(mean[:, 1:][alike], grid.mean()[0][1:, 1:, 1:][alike])


@pytest.mark.parametrize("seed", range(8))
def test_no_policy_passes_coverage_where_few_solutions_are_verified(seed):
    world = WORLD.model_copy(update={"problems": 8, "verified_solutions": 4})
    rng = np.random.default_rng(seed)
    pool = simulate_pool(world, rng).arrays
    policies = (*POLICIES, named("oracle"))
    grid = on_all_solutions(evaluate(pool, [1, 2, 4], [1, 4], policies, rng), pool, policies, rng)
    mean = grid.mean()[0]
    assert (mean[1:3, :, 1:] <= mean[3, :, :1] + 1e-9).all()
