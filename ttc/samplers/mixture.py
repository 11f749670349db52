"""Independent samples of a mixture: several temperatures, prompts and models, drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ttc.core import Ask, Attempt, Role, Solution
from ttc.refs import BackendRef
from ttc.registry import register
from ttc.samplers import Growing, SamplerPart
from ttc.samplers.independent import Independent
from ttc.samplers.search.drafts import leading
from ttc.samplers.search.temperatures import Between, Temperature, drawn


@register
class Mixture(SamplerPart):
    """N solutions, each by one of several ways, models or temperatures, drawn for it at random.

    A fixed turn of these would make the solutions depend on how many there are; drawn for each
    anew they are independent draws of the mixture. Where only temperatures differ, there are curves
    over S and policies. Where prompts or models differ, a solution's cost depends on which it is:
    then it is measured only. Curves have the vote of the first 1, 2, 4 ... with what these cost,
    as `answer`, and no policy of the recipe; `ttc show --problem` says what each would choose.
    """

    prompt_models: ClassVar[Mapping[str, str]] = {"draws": "backends"}

    type: Literal["mixture"] = "mixture"
    solutions: int = Field(default=16, ge=1, le=1_000_000)
    """Solutions per problem (N)."""
    draws: tuple[Independent, ...] = Field(default=(Independent(),), min_length=1)
    """Ways to draw a solution, with prompts and settings of their own; their numbers of solutions
    are not used."""
    backends: tuple[BackendRef, ...] = ()
    """Models, as many as there are ways, in their order; or several for one way, or one for all.
    The recipe's where none is named."""
    weights: tuple[Annotated[float, Field(gt=0, allow_inf_nan=False)], ...] = ()
    """How likely each way, or model, is, up to a factor; equally where nothing is said."""
    temperatures: tuple[Temperature, ...] | Between = ()
    """Temperatures, all as likely, as a list or {low: 0.4, high: 1.2}; those of `draws` where there
    are none."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        for field in ("draws", "backends"):
            if len(getattr(self, field)) not in (0, 1, self._ways):
                raise ValueError(f"{field}: one, or as many as the {self._ways} others")
        if self.weights and len(self.weights) != self._ways:
            raise ValueError(f"weights: one for each of {self._ways}")
        return self

    @property
    def _ways(self) -> int:
        return max(len(self.draws), len(self.backends))

    @property
    def exchangeable(self) -> bool:  # type: ignore[override]
        return self._ways == 1

    @property
    def waves(self) -> int | None:  # type: ignore[override]
        return 1 if self.exchangeable else None

    @property
    def needs(self) -> Mapping[str, int]:
        ways = [(i, self._draw(i)) for i in range(len(self.backends))]
        return {f"backends.{i}.{name}": n for i, draw in ways for name, n in draw.needs.items()}

    def _draw(self, way: int) -> Independent:
        return self.draws[way if len(self.draws) > 1 else 0]

    @property
    def _role(self) -> Role:
        return "backends" if self.backends else "solver"

    def most_solutions(self) -> int:
        return self.solutions

    def most_samples(self) -> Mapping[Role, int]:
        return {self._role: self.solutions}

    def longest(self) -> Mapping[Role, int]:
        return {self._role: max(draw.max_tokens for draw in self.draws)}

    def growing(self) -> Mapping[Role, Growing]:
        return {self._role: Growing(tuple(draw.prompt for draw in self.draws))}

    @property
    def first_longest(self) -> str:
        way = max(range(len(self.draws)), key=lambda i: self.draws[i].max_tokens)
        return f"draws.{way}.max_tokens"

    def fewer(self, solutions: int) -> Self:
        return self.model_copy(update={"solutions": min(solutions, self.solutions)})

    async def solve(self, attempt: Attempt) -> Sequence[Solution]:
        found: list[Solution] = []
        while len(found) < self.solutions and not attempt.refused:
            left = self.solutions - len(found)
            n = left if self.exchangeable else min(left, max(1, len(found)))
            # One by one, in the order drawn: what a budget buys of them must not depend on which
            # they are, as it would if those of a kind were asked for together.
            rows = await attempt.sample(*[self._ask(attempt) for _ in range(n)])
            new = [attempt.solution(s.completion.text, [s]) for row in rows for s in row]
            found += new
            if found and not self.exchangeable:
                attempt.answer(leading(attempt, found))
        return found

    def _ask(self, attempt: Attempt) -> Ask:
        """One solution, by a way that is drawn."""
        weights = np.array(self.weights or (1.0,) * self._ways)
        way = int(attempt.rng.choice(self._ways, p=weights / weights.sum()))
        ask = self._draw(way).ask(attempt, 1)
        if self.backends:
            ask = replace(ask, by=f"backends.{way if len(self.backends) > 1 else 0}")
        heat = drawn(self.temperatures, attempt.rng)
        return ask if heat is None else replace(ask, params=replace(ask.params, temperature=heat))
