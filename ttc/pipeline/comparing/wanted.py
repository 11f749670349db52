"""What is asked of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ttc.analysis.intervals import LEVEL

LATENCY = "latency"
CONCURRENCY = 8
"""Calls under way at a time, unless said otherwise, where latencies are compared."""

By = Literal["recipe", "verifier", "policy"]


@dataclass(frozen=True)
class Request:
    """unit: of a mean cost (`COST_UNITS`, c or latency), None for tokens, or C where nobody counted
    tokens. budgets: in it, a ladder over what there is where none are stated; samples: S at which
    methods are compared whatever they cost.

    by: what a row is: a recipe with whatever it does best, its vote and each of its verifiers, or
    each policy; None for recipes where there are several, else verifiers. policies: only these,
    each a row. over: keys of recipes, whose values are repeats of one recipe, such as seed.
    baseline: a row, a run or `vote`, with `@S` or `@SxV` at a size of its own; None for the first
    row, which is a vote where votes are rows. cluster: a key of metadata, of problems made
    together. common: of runs of other data sets, the problems that are the same. overrides:
    `cost.KEY=VALUE`; concurrency: calls under way at a time, for latencies.
    """

    unit: str | None = None
    budgets: tuple[float, ...] = ()
    samples: tuple[int, ...] = ()
    by: By | None = None
    policies: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    baseline: str | None = None
    cluster: str | None = None
    common: bool = False
    overrides: tuple[str, ...] = ()
    concurrency: int = CONCURRENCY
    level: float = LEVEL
    seed: int = 0

    def rows_by(self, recipes: int) -> By:
        """What a row is, of so many recipes."""
        if self.policies:
            return "policy"
        return self.by or ("recipe" if recipes > 1 else "verifier")

    @property
    def slots(self) -> int | None:
        """Calls under way at a time, where latencies are wanted."""
        return self.concurrency if self.unit == LATENCY else None
