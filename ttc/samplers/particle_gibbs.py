"""Particle Gibbs over steps: particle filters that keep a solution (arXiv 2502.01618)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from ttc.core import Attempt, Role, Solution
from ttc.registry import register
from ttc.samplers.search.best import Best
from ttc.samplers.search.particles import ParticleSampler, Swept


@register
class ParticleGibbs(ParticleSampler):
    """Repeats a particle filter in which solutions of the one before take part.

    Each iteration but the first keeps `references`, drawn by their weights from the particles of
    the one before (conditional sequential Monte Carlo: Andrieu, Doucet and Holenstein 2010; as in
    its_hub, without ancestor sampling). Particles are drawn multinomially at every step: other
    schemes would have to be conditioned, too. The best answer, or a vote, is that of all
    iterations; a sampled one is drawn from the last.
    """

    type: Literal["particle-gibbs"] = "particle-gibbs"
    iterations: int = Field(default=4, ge=1, le=10_000)
    """Particle filters, one after the other."""
    references: int = Field(default=1, ge=1, le=4095)
    """Solutions that are kept from one to the next."""

    @model_validator(mode="after")
    def _free(self) -> Self:
        if self.references >= self.particles:
            raise ValueError(
                f"references ({self.references}) must be fewer than particles ({self.particles})"
            )
        return self

    def most_solutions(self) -> int | None:
        return self.particles

    def most_samples(self) -> Mapping[Role, int]:
        steps = self.most_steps * (self.particles * self.iterations)
        return {"solver": steps, "reward": steps}

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        best = Best(self, self.choose)
        swept = await self.sweep(attempt, best)
        for _ in range(self.iterations - 1):
            if attempt.refused or not all(p.path.ended and p.scored for p in swept.particles):
                break
            swept = await self._again(attempt, best, swept)
        return self.returned(attempt, best, swept)

    async def _again(self, attempt: Attempt, best: Best, swept: Swept) -> Swept:
        size, n = self.references, len(swept.particles)
        kept = attempt.rng.choice(n, size=size, p=swept.weights)
        return await self.sweep(attempt, best, [swept.particles[i] for i in kept])
