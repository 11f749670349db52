"""Parts of a pool: each solution keeps all that is known of it, whatever a policy may read."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ttc.analysis.grid import evaluate
from ttc.analysis.paired import Arm, block_differences
from ttc.analysis.pool import PoolArrays
from ttc.analysis.same_problems import again, halves, new_samples_error
from ttc.policies import named

P, N, M, L = 3, 8, 2, 4


@pytest.fixture
def pool():
    """Everything that is known of a solution tells which it is."""
    rng = np.random.default_rng(3)
    number = np.arange(P * N).reshape(P, N).astype(float)
    of_verified = (number[:, :, None] / 100) + np.zeros((P, N, M))
    plain = PoolArrays.from_ragged(
        rng.integers(0, 3, (P, N)), [0] * P, scores=of_verified.tolist(), problem_ids="abc"
    )
    return replace(
        plain,
        tokens=number,
        confidence=-number,
        raw=of_verified * 7,
        steps=of_verified[..., None] + np.zeros(L),
        pairs=number[:, :, None] * 1000 + number[:, None, :],
    )


def check(part, pool):
    """What stands with each solution is its own."""
    number = part.tokens
    rows = np.arange(P)[:, None]
    whole = number.astype(int) - N * rows
    for name in ("answer_class", "correct", "confidence", "verification_count", "scores", "raw"):
        np.testing.assert_array_equal(getattr(part, name), getattr(pool, name)[rows, whole])
    np.testing.assert_array_equal(part.steps, pool.steps[rows, whole])
    np.testing.assert_array_equal(part.pairs, number[:, :, None] * 1000 + number[:, None, :])


def test_halves_and_resamples_keep_what_is_known_of_each(pool):
    rng = np.random.default_rng(5)
    first, second = halves(pool, rng)
    for part in (first, second, again(pool, rng)):
        check(part, pool)
    assert not np.isin(first.tokens, second.tokens).any()


def test_no_field_is_forgotten(pool):
    """A new one of solutions or verifications stands in `part`, or this fails."""
    rows = np.arange(N)[::-1] + np.zeros((P, 1), dtype=int)
    turned = pool.part(rows, rows)
    check(turned, pool)
    of_problems = {"solution_tokens", "verification_tokens", "problem_ids"}
    kept = {f.name for f in fields(pool) if getattr(turned, f.name) is getattr(pool, f.name)}
    assert kept == of_problems


def test_fewer_verifications_of_each(pool):
    one = pool.with_depth(1)
    assert one.scores.shape == one.raw.shape == (P, N, 1)
    assert one.steps.shape == (P, N, 1, L)
    assert (one.verification_count == 1).all()


@pytest.mark.parametrize("name", ["knockout", "pivot", "league", "weighted_majority"])
def test_every_policy_has_errors_for_new_samples_and_differences(pool, name):
    policy = named(name)
    if name == "weighted_majority":
        policy = policy.model_copy(update={"by": "raw"})
    won = np.full((P, N, N), 0.5)
    won += 0.5 * (pool.tokens[:, :, None] > pool.tokens[:, None, :]) - 0.25
    own = replace(pool, pairs=won)
    rng = np.random.default_rng(0)
    grid = evaluate(own, [1, 2, 4], [M], [policy], rng)
    error = new_samples_error(own, grid, [policy], rng)
    assert np.isfinite(error[..., -1]).all()
    arms = Arm(named("majority"), 2), Arm(policy, 2, M)
    assert block_differences(own, *arms, 2, rng).shape == (P, N // 2)
