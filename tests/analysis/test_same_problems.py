"""What new samples of the same problems would show: known variances, invariants, coverage."""

import numpy as np
import pytest
from scipy.stats import binom

from ttc.analysis.errors import GridError
from ttc.analysis.grid import evaluate
from ttc.analysis.passk import pass_at_k
from ttc.analysis.pool import PADDING, PoolArrays
from ttc.analysis.same_problems import (
    again,
    halves,
    independent_draws,
    new_samples_error,
    new_samples_interval,
    new_samples_variance,
    pool_of,
)
from ttc.analysis.simulate import SimulationConfig, simulate_pool
from ttc.policies import named

POLICIES = tuple(named(name) for name in ("first", "majority", "oracle", "best_of_n"))


def drawn(seed=0, problems=30, solutions=16, verified=16, **more):
    config = SimulationConfig(
        problems=problems,
        solutions=solutions,
        verified_solutions=verified,
        verifications=3,
        **more,
    )
    return simulate_pool(config, np.random.default_rng(seed)).arrays


def test_halves_share_no_solution_and_keep_what_belongs_together():
    # Name each solution by its place: its class, and what is said of it.
    place = np.arange(11)
    pool = PoolArrays.from_ragged(
        [place] * 30,
        [0] * 30,
        scores=[[[j / 10] * 3 for j in range(6)]] * 30,
    )
    first, second = halves(pool, np.random.default_rng(1))
    for row in range(30):
        one, other = (set(half.answer_class[row].tolist()) for half in (first, second))
        assert not one & other
        assert len(one) == len(other) == 3 + 2
    assert (first.verification_count == 3).all()
    assert np.allclose(first.scores[:, :, 0], first.answer_class[:, :3] / 10)
    assert (first.answer_class[:, :3] < 6).all()
    assert len({tuple(row) for row in first.answer_class.tolist()}) > 10


def test_ragged_pools_are_halved_and_resampled_by_their_own_size():
    sizes = [4, 5, 8]
    pool = PoolArrays.from_ragged(
        [np.arange(n) for n in sizes], [0] * 3, scores=[[[0.5]] * (n // 2) for n in sizes]
    )
    for part in halves(pool, np.random.default_rng(0)):
        assert part.n_solutions.tolist() == [2, 2, 4]
        assert part.n_verified.tolist() == [1, 1, 2]
    drawn_again = again(pool, np.random.default_rng(0))
    assert drawn_again.n_solutions.tolist() == sizes
    assert drawn_again.n_verified.tolist() == [2, 2, 4]
    assert (drawn_again.answer_class[0, 4:] == PADDING).all()


def test_a_single_solution_cannot_be_halved():
    pool = PoolArrays.from_ragged([[0], [0, 1]], [0, 0])
    with pytest.raises(GridError, match="single solution"):
        halves(pool, np.random.default_rng(0))
    grid = evaluate(pool, [1], [], POLICIES[:1], np.random.default_rng(0))
    assert np.isnan(new_samples_error(pool, grid, POLICIES[:1], np.random.default_rng(0))).all()


def test_of_one_solution_it_is_the_binomial_error():
    pool = drawn(solutions=64, verified=0, problems=200)
    grid = evaluate(pool, [1, 8], [], POLICIES[:1], np.random.default_rng(0))
    found = new_samples_error(pool, grid, POLICIES[:1], np.random.default_rng(1))
    rate = pool.correct.mean(axis=1)
    wanted = np.sqrt((rate * (1 - rate) / 63).sum()) / 200
    assert found[0, :, 0] == pytest.approx(wanted, rel=0.08)  # any S: the first is one


def test_the_variance_of_coverage_is_that_of_a_binomial():
    total, k, problems, rate = 16, 4, 40, 0.15
    counts = np.arange(total + 1)
    success = pass_at_k(counts, np.full(total + 1, total), [k])[:, 0]
    chance = binom.pmf(counts, total, rate)
    exact = (chance @ success**2 - (chance @ success) ** 2) / problems
    rng = np.random.default_rng(2)
    found = []
    for _ in range(40):
        classes = (rng.random((problems, total)) > rate).astype(int)
        pool = PoolArrays.from_ragged(list(classes), [0] * problems)

        def measure(part):
            return evaluate(part, [k], [], (named("oracle"),), rng).success

        found.append(new_samples_variance(pool, measure(pool), measure, rng, 3, k / total))
    assert np.mean(found) == pytest.approx(exact, rel=0.12)


def test_beyond_half_of_the_pool_it_is_not_told():
    pool = drawn(problems=8, solutions=16, verified=8)
    rng = np.random.default_rng(0)
    grid = evaluate(pool, [1, 4, 8, 16], [1, 3], POLICIES, rng)
    error = new_samples_error(pool, grid, POLICIES, rng, 2)
    assert error.shape == grid.success.shape[1:]
    assert np.isfinite(error[0, :, 0]).all()  # the first one of any number
    assert np.isfinite(error[1:3, :3, 0]).all()
    assert np.isnan(error[1:3, 3]).all()
    assert np.isfinite(error[3, :2, 1:]).all()  # of verified ones there are eight
    assert np.isnan(error[3, 2:]).all()
    draws = independent_draws(pool, grid, POLICIES)
    assert draws[0, 3, 0] == 8 * 16
    assert draws[1, 1, 0] == 8 * 4
    assert draws[3, 1, 1] == 8 * 2


@pytest.mark.slow
def test_intervals_cover_what_the_same_problems_show_again():
    """Four sets of problems, each sampled six times."""
    votes, hits = POLICIES[1:3], []
    for seed in range(4):
        every = drawn(seed, problems=30, solutions=6 * 16, verified=0)
        rng = np.random.default_rng(seed)
        means, errors = [], []
        for i in range(6):
            rows = np.tile(np.arange(16 * i, 16 * (i + 1)), (30, 1))
            pool = pool_of(every, rows)
            grid = evaluate(pool, [2, 8], [], votes, rng)
            means.append(grid.mean()[0])
            errors.append(new_samples_error(pool, grid, votes, rng, 2))
        draws = independent_draws(pool, grid, votes)
        for mean, error in zip(means, errors, strict=True):
            truth = (np.sum(means, axis=0) - mean) / 5
            low, high = new_samples_interval(mean, error * np.sqrt(6 / 5), draws, 30)
            hits.append((low <= truth) & (truth <= high))
    assert np.mean(hits) == pytest.approx(0.955, abs=0.045)


def test_nothing_ever_seen_has_a_width_that_fades():
    low, high = new_samples_interval(*(np.array([x]) for x in (0.0, 0.0, 100.0)), 30)
    assert low == 0
    assert 0.01 < high < 0.06
    _, later = new_samples_interval(*(np.array([x]) for x in (0.0, 0.0, 1000.0)), 30)
    assert later < high / 5
    low, high = new_samples_interval(*(np.array([x]) for x in (1.0, 0.0, 100.0)), 30)
    assert high == pytest.approx(1)
    assert 0.94 < low < 0.99
