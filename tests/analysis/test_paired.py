"""Differences of two policies on blocks of a pool, against counting by hand."""

import numpy as np
import pytest

from ttc.analysis.errors import GridError
from ttc.analysis.paired import Arm, block_differences
from ttc.analysis.pool import PoolArrays
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.policies import named

FIRST, ORACLE, BEST = map(named, ("first", "oracle", "best_of_n"))
CONFIG = SimulationConfig(problems=30, solutions=21, verified_solutions=12, verifications=3)


def pool():
    return simulate_pool(CONFIG, np.random.default_rng(5)).arrays


def differences(arrays, first, second, solutions, most=8):
    return block_differences(arrays, first, second, solutions, np.random.default_rng(0), most)


def test_coverage_less_accuracy_counted_by_hand():
    arrays = pool()
    found = differences(arrays, Arm(FIRST, 1), Arm(ORACLE, 4), 4)
    blocks = arrays.correct[:, :20].reshape(30, 5, 4)
    np.testing.assert_allclose(found, blocks.any(2) - blocks.mean(2))
    assert differences(arrays, Arm(FIRST, 1), Arm(ORACLE, 4), 4, most=2).shape == (30, 2)


def test_a_verified_arm_has_blocks_of_verified_solutions_and_of_their_first_verifications():
    arrays = pool()
    found = differences(arrays, Arm(FIRST, 1), Arm(BEST, 2, 1), 2)
    assert found.shape == (30, 6)
    with np.errstate(invalid="ignore"):
        scores = np.nan_to_num(arrays.scores[:, :12, 0], nan=-1).reshape(30, 6, 2)
    correct = arrays.correct[:, :12].reshape(30, 6, 2)
    # Only where verdict and answers are readable is the choice plain.
    valid = (arrays.answer_class[:, :12].reshape(30, 6, 2) >= 0).all(2) & (scores >= 0).all(2)
    best = scores == scores.max(2, keepdims=True)
    expected = (best * correct).sum(2) / best.sum(2) - correct.mean(2)
    np.testing.assert_allclose(found[valid], expected[valid])


def test_the_smaller_arm_draws_from_the_block_of_the_larger():
    arrays = pool()
    found = differences(arrays, Arm(ORACLE, 1), Arm(ORACLE, 3), 3)
    blocks = arrays.correct.reshape(30, 7, 3)
    np.testing.assert_allclose(found, blocks.any(2) - blocks.mean(2))


def test_arms_are_evaluated_over_all_subsets_of_a_larger_block():
    arrays = pool()
    found = differences(arrays, Arm(FIRST, 1), Arm(ORACLE, 2), 3)
    right = arrays.correct.reshape(30, 7, 3).sum(2)
    pairs = 1 - (3 - right) * (2 - right) / 6
    np.testing.assert_allclose(found, pairs - right / 3, atol=1e-12)


def test_what_a_pool_lacks_is_refused():
    with pytest.raises(GridError):
        differences(pool(), Arm(FIRST, 1), Arm(ORACLE, 22), 22)
    bare = PoolArrays.from_ragged([[0, 1]], [0])
    with pytest.raises(GridError):
        differences(bare, Arm(FIRST, 1), Arm(BEST, 1, 1), 1)


def test_an_arm_names_itself():
    names = [Arm(FIRST, 1), Arm(named("majority"), 16), Arm(BEST, 4, 8)]
    assert [str(arm) for arm in names] == ["first", "majority S=16", "best_of_n S=4 V=8"]
