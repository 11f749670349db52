"""Particle filtering over steps (arXiv 2502.01618), with annealing after arXiv 2510.05825."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from ttc.core import Attempt, Role, Solution
from ttc.registry import register
from ttc.samplers.search.best import Best
from ttc.samplers.search.particles import ParticleSampler
from ttc.samplers.search.resampling import (
    Floats,
    Ints,
    Scheme,
    ancestors,
    annealing,
    effective_size,
    normalised,
)


@register
class ParticleFilter(ParticleSampler):
    """Draws partial solutions anew at each step by their process rewards.

    The paper and its authors' code draw multinomially and at every step; what else there is here is
    textbook. `entropy` is the idea of Entropic Particle Filtering, the formula is ours: weights are
    raised to the largest power up to 1 which leaves them so even, and what that leaves of a weight
    stays with its particle, so that the distribution aimed at is the same.
    """

    type: Literal["particle"] = "particle"
    resampling: Scheme = "multinomial"
    """How particles are drawn anew: multinomial, systematic, stratified or residual."""
    threshold: float | None = Field(default=None, gt=0, le=1)
    """Draw anew only where the effective sample size is below this share of the particles; until
    then weights add up. None: at every step."""
    entropy: float | None = Field(default=None, gt=0, lt=1)
    """How even the weights that particles are drawn by must be at least: their entropy over that of
    equal ones. None: they are what they are."""

    def most_solutions(self) -> int | None:
        return self.particles

    def most_samples(self) -> Mapping[Role, int]:
        steps = self.most_steps * self.particles
        return {"solver": steps, "reward": steps}

    def drawn(self, logs: Floats, n: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
        least = None if self.threshold is None else self.threshold * len(logs)
        if least is not None and effective_size(normalised(logs)) >= least:
            return np.arange(len(logs)), logs
        power = 1.0 if self.entropy is None else annealing(logs, self.entropy)
        chosen = ancestors(normalised(power * logs), n, self.resampling, rng)
        return chosen, (1 - power) * logs

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        best = Best(self, self.choose)
        return self.returned(attempt, best, await self.sweep(attempt, best))
