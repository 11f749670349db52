"""Two policies on the same fresh samples: their difference, problem by problem, several times.

A pool is cut into blocks that share no sample, each a small experiment of its own. How differences
vary between problems, from so many samples of each, is what `ttc.analysis.power` plans from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.grid import evaluate
from ttc.analysis.policies import Policy
from ttc.analysis.pool import PoolArrays


@dataclass(frozen=True)
class Arm:
    """A policy at S solutions with V verifications each; V is 0 where it reads none."""

    policy: Policy
    solutions: int
    verifications: int = 0

    @property
    def reads(self) -> bool:
        return self.policy.reads_verifications

    def __str__(self) -> str:
        size = "" if self.policy.largest == 1 else f" S={self.solutions}"
        return self.policy.label + size + (f" V={self.verifications}" if self.reads else "")


def block_differences(
    pool: PoolArrays,
    first: Arm,
    second: Arm,
    solutions: int,
    rng: np.random.Generator,
    most: int = 8,
) -> FloatArray:
    """(problems, blocks) success of the second arm less that of the first, at most `most` blocks.

    A block has `solutions` solutions, with as many verifications of each as the larger arm wants;
    arms are evaluated over its subsets. Every problem of the pool must have them, or `GridError`
    is raised.
    """
    depth = max(first.verifications, second.verifications)
    has = pool.n_verified if first.reads or second.reads else pool.n_solutions
    blocks = max(1, min(most, int(has.min()) // solutions))
    columns = [
        _success(block, second, rng) - _success(block, first, rng)
        for block in (_block(pool, i * solutions, solutions, depth) for i in range(blocks))
    ]
    return np.stack(columns, axis=1)


def _block(pool: PoolArrays, start: int, size: int, depth: int) -> PoolArrays:
    """Solutions `start .. start + size - 1` with their first `depth` verifications, as a pool."""
    columns = np.arange(start, min(start + size, pool.answer_class.shape[1]))
    judged = columns[columns < pool.scores.shape[1]] if depth else columns[:0]
    rows = (np.broadcast_to(some, (pool.n_problems, len(some))) for some in (columns, judged))
    return pool.part(*rows).with_depth(depth)


def _success(pool: PoolArrays, arm: Arm, rng: np.random.Generator) -> FloatArray:
    depths = [arm.verifications] if arm.reads else []
    grid = evaluate(pool, [arm.solutions], depths, [arm.policy], rng)
    success: FloatArray = grid.success[:, 0, 0, -1]
    return success
