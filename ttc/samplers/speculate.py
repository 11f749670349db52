"""Speculation by steps: Arbitrage (arXiv 2512.05033) and RSD, its baseline, by a process reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ttc.core import Attempt, Role, Sample, Solution
from ttc.named_files import NamesFile
from ttc.refs import BackendRef
from ttc.registry import register
from ttc.samplers import Growing
from ttc.samplers.search.leading import Leading
from ttc.samplers.search.paths import Path, StepSampler
from ttc.samplers.search.router import Router, features_of, read_router

_THRESHOLDS = {"rsd": 0.7, "oracle": 0.0, "router": 0.5}
_Known = dict[str, Sample]
"""By field that names a model: the last sample of it."""


@register
class Speculate(StepSampler):
    """A draft model proposes each step; a rule says which ones the target model rewrites.

    Steps that are not taken are paid for and discarded. Where a score fails, or the draft does,
    the target's step is taken.
    """

    type: Literal["speculate"] = "speculate"
    draft: BackendRef
    """The small model that proposes steps; the recipe's backend is the target."""
    rule: Literal["rsd", "oracle", "router", "never", "always"] = "rsd"
    """When the target rewrites a step: rsd, where its reward is below the threshold; oracle, where
    that of the target's own step, always written, is more than the threshold above it; router,
    where a trained router gives that a probability of at least the threshold. The baselines:
    never, which is the draft model alone, and always, the target alone, with no draft."""
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """Of the rule; where none is given, rsd 0.7, oracle 0, router 0.5."""
    router: Annotated[
        Router | None,
        NamesFile(required=False),
        BeforeValidator(read_router, json_schema_input_type=Router | str | None),
    ] = None
    """The router's weights, or a file of them, which ttc train-router writes."""
    solutions: int = Field(default=1, ge=1, le=1_000_000)
    """Solutions, one after the other, which are voted on; at temperature 0 all are the same."""
    most_steps: int = Field(default=150, ge=1, le=10_000)
    """Steps of a solution at most; the last one is written to the end of the text."""
    temperature: float = Field(default=0.0, ge=0, le=1000)
    """Sampling temperature of steps."""

    @model_validator(mode="after")
    def _routed(self) -> Self:
        if self.rule == "router" and self.router is None:
            raise ValueError(
                "the rule router needs weights in `router`; ttc train-router finds some"
            )
        return self

    def most_solutions(self) -> int:
        return self.solutions

    def most_samples(self) -> Mapping[Role, int]:
        steps = self.solutions * self.most_steps
        # The target is asked once more for a step where its own failed.
        target = {"rsd": 1, "router": 1, "never": 0}.get(self.rule, 2) * steps
        reads = {"rsd": 1, "router": 1, "oracle": 2}.get(self.rule, 0) * steps
        asked = {"solver": target, "reward": reads, "draft": steps * (self.rule != "always")}
        return {role: n for role, n in asked.items() if n}

    def longest(self) -> Mapping[Role, int]:
        return {**super().longest(), "draft": self.step_tokens}

    def growing(self) -> Mapping[Role, Growing]:
        roles = super().growing()
        return {**roles, "draft": roles["solver"]}

    def fewer(self, solutions: int) -> Self:
        return self.model_copy(update={"solutions": min(solutions, self.solutions)})

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        leading = Leading("vote")
        for _ in range(self.solutions):
            path = await self._path(attempt)
            # One that the budget has cut off counts where it is all there is.
            if path.ended or (path.samples and not leading.found):
                leading.add(attempt, path.solution(attempt), None)
            if attempt.refused:
                break
        return leading.found

    async def _path(self, attempt: Attempt) -> Path:
        """A solution, step by step, as far as the budget reaches."""
        path, known = self.begin(attempt), _Known()
        for step in range(self.most_steps):
            taken = None if path.ended else await self._step(attempt, path, known, step)
            if taken is None:
                break
            path = taken
        return path

    async def _step(self, attempt: Attempt, path: Path, known: _Known, step: int) -> Path | None:
        """The path with the step that is taken; None where none could be written."""
        fields = {"always": ["backend"], "oracle": ["draft", "backend"]}.get(self.rule, ["draft"])
        written = await self._written(attempt, path, known, step, *fields)
        first, last = written[0], written[-1]
        if first is None or self.rule in ("never", "always"):
            taken = last
        else:
            scored = await self.score(attempt, [one for one in written if one is not None])
            if self._keeps(scored, path, step):
                return scored[0]
            taken = last if self.rule == "oracle" else None
        if taken is not None or self.rule == "never":
            return taken
        (taken,) = await self._written(attempt, path, known, step, "backend")
        return taken or first

    def _keeps(self, scored: Sequence[Path], before: Path, step: int) -> bool:
        """Whether the draft's step, the first of those that have been scored, is taken."""
        scores = [self.value(one) for one in scored]
        if not scores or None in scores:
            return False
        reward, *others = [one for one in scores if one is not None]
        limit = _THRESHOLDS[self.rule] if self.threshold is None else self.threshold
        if self.rule == "rsd":
            return reward >= limit
        if self.rule == "oracle":
            return bool(others) and others[0] - reward <= limit
        assert self.router is not None
        path = scored[0]
        told = path.scores[len(before.steps) - 1] if before.steps else None
        tokens = path.samples[-1].completion.completion_tokens
        features = features_of(reward, told, tokens, step, path.ended)
        return self.router.probability(features) < limit

    async def _written(
        self, attempt: Attempt, path: Path, known: _Known, step: int, *fields: str
    ) -> list[Path | None]:
        """The next step by each of these models; None where it failed or the budget ended."""
        last = step >= self.most_steps - 1
        params, mark = self.params(attempt, last), "" if last else self.mark
        asks = [replace(path.ask(params, 1, by), known=known.get(by)) for by in fields]
        found: list[Path | None] = []
        for by, row in zip(fields, await attempt.sample(*asks), strict=True):
            good = [one for one in row if not one.completion.error]
            if good:
                known[by] = good[0]
            found.append(path.then(good[0], mark) if good else None)
        return found
