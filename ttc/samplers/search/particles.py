"""Particles that grow step by step, weighted by a process reward (arXiv 2502.01618): one sweep."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from ttc.core import Attempt, Solution
from ttc.rewards import Aggregate
from ttc.samplers.search.best import Best
from ttc.samplers.search.paths import Path, StepSampler
from ttc.samplers.search.resampling import Floats, Ints, ancestors, normalised

_CLIP = 1e-7  # its_hub's


@dataclass(frozen=True, slots=True)
class Particle:
    """A path with all that led to it: `line[t]` is what it was after t steps."""

    line: tuple[Path, ...]

    @property
    def path(self) -> Path:
        return self.line[-1]

    @property
    def scored(self) -> bool:
        """Whether it has had a score at each step."""
        return all(path.scores for path in self.line[1:])

    def at(self, step: int) -> Path:
        """Itself after so many steps, or at its end."""
        return self.line[min(step, len(self.line) - 1)]

    def until(self, step: int) -> Particle:
        """The particle that it was after so many steps."""
        return Particle(self.line[: step + 1])


@dataclass(frozen=True, slots=True)
class Swept:
    """Particles and their weights, of sum 1; there may be none of either."""

    particles: list[Particle]
    weights: Floats


class ParticleSampler(StepSampler):
    """Base of samplers that draw from what the model writes, weighted by a process reward.

    After each step t a particle is weighted by its score so far, and particles are drawn anew by
    their weights. Those that have ended are weighted by their last score at every step until all
    have (as in its_hub). So what whole solutions are drawn from, as particles grow in number, is
    proportional to P(solution) times all these weights. Particles whose step or score failed are
    left out, unless no score came at all: then that step has no weights. After the last step
    weights stay as they are.
    """

    particles: int = Field(default=4, ge=1, le=4096)
    """Solutions that grow side by side."""
    weighting: Literal["r", "odds"] = "r"
    """What a score r weighs: r, as in the paper, or r / (1 - r), as in its authors' code."""
    choose: Literal["best", "vote", "sample"] = "best"
    """The answer, of all that have ended: the one with the highest score; by a vote weighted by
    scores, the best one of the answer that wins; or one drawn by the weights."""
    aggregate: Aggregate = "product"
    """A particle's score of those of its steps: the last, their minimum, product or mean."""
    most_steps: int = Field(default=32, ge=1, le=10_000)
    """Steps of a solution at most; the last one is written to the end of the text."""

    def log_weight(self, path: Path) -> float:
        """Of a path that has a score."""
        score = min(max(self.value(path) or 0.0, _CLIP), 1 - _CLIP)
        return math.log(score) - (math.log1p(-score) if self.weighting == "odds" else 0.0)

    def drawn(self, logs: Floats, n: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
        """`n` ancestors of particles with these weights, and what is left of each one's weight."""
        return ancestors(normalised(logs), n, "multinomial", rng), np.zeros_like(logs)

    async def sweep(self, attempt: Attempt, best: Best, kept: Sequence[Particle] = ()) -> Swept:
        """Particles from their first step to the last of their ends, or to that of the budget.

        kept: whole ones that are followed along unchanged, and drawn from as all others are.
        """
        free = self.particles - len(kept)
        cloud, logs, step = [Particle((self.begin(attempt),))] * free, np.zeros(self.particles), 0
        while True:
            moved = await self._moved(attempt, cloud, step)
            if not any(moved):
                return Swept([*cloud, *kept], normalised(logs))
            step += 1
            newly = [one for one in moved if one and one.path.ended and not best.knows(one.path)]
            for one in newly:
                best.offer(attempt, one.path)
            swept, logs = self._weighed([*moved, *kept], logs, step)
            if newly and self.choose == "sample":
                self._answer_by_draw(attempt, best, swept)
            if attempt.refused or all(one.at(step).ended for one in swept.particles):
                return swept
            chosen, left = self.drawn(logs, free, attempt.rng)
            cloud = [swept.particles[i].until(step) for i in chosen]
            logs = np.concatenate([left[chosen], left[len(left) - len(kept) :]])

    async def _moved(
        self, attempt: Attempt, cloud: Sequence[Particle], step: int
    ) -> list[Particle | None]:
        """Each with one step more, scored; None where that failed or the budget has ended."""
        same: dict[int, list[int]] = {}
        for i, one in enumerate(cloud):
            if not one.path.ended:
                same.setdefault(id(one.path), []).append(i)
        paths = [cloud[places[0]].path for places in same.values()]
        rows = await self.grow(attempt, paths, [len(places) for places in same.values()], step)
        grown = [
            (i, child)
            for places, children in zip(same.values(), rows, strict=True)
            for i, child in zip(places, children, strict=False)
            if not child.failed
        ]
        judged = await self.judged(attempt, [child for _, child in grown])
        moved = [one if one.path.ended else None for one in cloud]
        for (i, _), child in zip(grown, judged, strict=True):
            moved[i] = Particle((*cloud[i].line, child))
        return moved

    def _weighed(
        self, moved: Sequence[Particle | None], logs: Floats, step: int
    ) -> tuple[Swept, Floats]:
        """Those that have a score, with their weights after a step, and these as logarithms; where
        none has one, all that there are, with the weights that they had.
        """
        there = [(one, log) for one, log in zip(moved, logs, strict=True) if one]
        scored = [(one, log) for one, log in there if one.at(step).scores]
        now = np.array([log + self.log_weight(one.at(step)) for one, log in scored])
        if not scored:
            scored, now = there, np.array([log for _, log in there])
        return Swept([one for one, _ in scored], normalised(now)), now

    def _answer_by_draw(self, attempt: Attempt, best: Best, swept: Swept) -> None:
        """Answer with one of those that have ended, by their weights."""
        ended = [i for i, one in enumerate(swept.particles) if one.path.ended]
        if ended:
            weights = swept.weights[ended] + np.finfo(float).tiny
            place = ended[int(attempt.rng.choice(len(ended), p=weights / weights.sum()))]
            attempt.answer(best.offer(attempt, swept.particles[place].path))

    def returned(self, attempt: Attempt, best: Best, swept: Swept) -> list[Solution]:
        """A solution for each particle that has ended, copies too; where the budget left none, what
        had ended before, or else the best that was begun.
        """
        paths = [one.path for one in swept.particles]
        ended = [path for path in paths if path.ended]
        if not ended:
            begun = [path for path in paths if path.samples]
            if not best.solutions and begun:
                best.offer(attempt, max(begun, key=self.rank))
            return best.solutions
        made: list[Solution] = []
        for i, path in enumerate(ended):
            copy = any(path is other for other in ended[:i])
            made.append(path.solution(attempt) if copy else best.offer(attempt, path))
        return made
