import numpy as np
import pytest

from ttc.analysis.grid import evaluate
from ttc.analysis.planted import planted_truth
from ttc.analysis.simulate import Lengths, SimulationConfig, simulate_pool
from ttc.policies import named


def test_large_pools_tend_to_the_planted_truth():
    config = SimulationConfig(
        problems=30, solutions=20_000, verified_solutions=0, wrong_answers=3, trap_rate=0.5
    )
    pool = simulate_pool(config, np.random.default_rng(4))
    truth = planted_truth(config, pool, [1, 4, 16])
    sizes = [1, 4, 16, 20_000]
    policies = [named("oracle"), named("majority")]
    mean, _ = evaluate(pool.arrays, sizes, [], policies, np.random.default_rng(0)).mean()
    np.testing.assert_allclose(mean[0, :3, 0], list(truth.pass_at_k.values()), atol=0.003)
    assert truth.accuracy == truth.pass_at_k[1]
    assert mean[1, 3, 0] == pytest.approx(truth.majority_limit)
    assert truth.trapped + truth.majority_limit == pytest.approx(1)
    assert 0 < truth.trapped < 1
    assert truth.ratio is None


def test_equally_likely_answers_share_the_vote():
    config = SimulationConfig(problems=1, wrong_answers=2, wrong_zipf=0, trap_rate=0)
    pool = simulate_pool(config, np.random.default_rng(0))
    pool.solve_rate[:] = 1 / 3
    truth = planted_truth(config, pool)
    assert truth.majority_limit == pytest.approx(1 / 3)
    assert truth.trapped == 0


def test_lambda_is_that_of_the_mean_lengths():
    config = SimulationConfig(
        problems=2, solutions=5, solution_tokens=Lengths(mean=200), verification_tokens={"mean": 50}
    )
    truth = planted_truth(config, simulate_pool(config, np.random.default_rng(0)), [5])
    assert truth.ratio == 0.25
    assert truth.as_dict()["lambda"] == 0.25
    assert "ratio" not in truth.as_dict()
