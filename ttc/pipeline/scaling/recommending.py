"""Which method, S and V to use at a budget, and how sure that is: behind `ttc recommend`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ttc.analysis.allocation import best_within
from ttc.analysis.surface import fit_surface
from ttc.errors import DataError
from ttc.pipeline.best_within import affordable, choose, gap
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.scaling.allocations import Allocation, Allocations, Method
from ttc.pipeline.scaling.fits import FitRequest
from ttc.pipeline.scaling.sources import Source
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Rival:
    """The best allocation of another method, and its success less that of the first."""

    allocation: Allocation
    behind: Interval


@dataclass(frozen=True)
class Beyond:
    """What the law of the surface says of a budget beyond the pool: not measured."""

    policy: str
    verifier: str
    S: float
    V: float
    success: float


@dataclass(frozen=True)
class Recommendation:
    """What to do at a budget.

    best: the method of the best success on problems that its S and V were not chosen by, which is
    the success it is told with: that of a winner on the problems that chose it flatters. rivals:
    other methods alike. confidence: share of the resamples in which a cell of the same method is
    best. beyond: for a budget that buys more than the pool has. warning: of few problems. scoring:
    how verifications became scores.
    """

    budget: float
    unit: str
    best: Allocation
    confidence: float
    rivals: tuple[Rival, ...]
    beyond: Beyond | None
    warning: str | None = None
    scoring: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": self.budget,
            "unit": self.unit,
            "scoring": dict(self.scoring),
            "best": self.best.as_dict(),
            "expected_on_new_problems": plain(self.best.success.estimate),
            "confidence_in_method": self.confidence,
            "rivals": [
                one.allocation.as_dict() | {"behind": one.behind.as_dict()} for one in self.rivals
            ],
            "beyond_the_pool": None if self.beyond is None else asdict(self.beyond),
        }


def recommend(
    run: RunFolder, budgets: Sequence[float], request: FitRequest
) -> list[Recommendation]:
    """The best allocation of the pool within each budget. request: as for `fit_scaling`.

    Raises `DataError` for a budget that buys no solution, and as `fit_scaling` does.
    """
    found = Allocations.of(run, request, request.policies)
    return [_at(budget, found) for budget in budgets]


def _at(budget: float, found: Allocations) -> Recommendation:
    inside = affordable(found.cost, budget)
    if not inside:
        raise DataError(
            f"a budget of {budget:g} {found.unit} a problem buys no solution: one costs "
            f"{found.cost.min():.3g}"
        )
    problems = found.problems
    overall = choose(found.cells, inside, problems)
    by_method: dict[Method, list[int]] = {}
    for i in inside:
        by_method.setdefault(found.method[i], []).append(i)
    told = [choose(found.cells, own, problems) for own in by_method.values()]
    # Of equals the cheaper one: methods come by the cost of their first cell.
    best, *others = sorted(told, key=lambda one: -round(one.success.estimate, 9))
    agreed = [found.method[w] == found.method[best.place] for w in overall.winners]
    return Recommendation(
        budget=budget,
        unit=found.unit,
        best=found.told(best),
        confidence=float(np.mean(agreed)),
        rivals=tuple(Rival(found.told(one), gap(best, one, problems)) for one in others),
        beyond=_beyond(budget, found.sources) if budget > 1.1 * found.cost.max() else None,
        warning=problems.warning,
        scoring=found.sources[0].scoring,
    )


def _beyond(budget: float, sources: Sequence[Source]) -> Beyond | None:
    found = []
    for source in sources:
        for name, values in source.verified.items():
            law = fit_surface(values.mean(axis=0), source.S, source.V)
            if law is not None:
                s, v, success = best_within(law, source.verifying, budget)
                found.append(Beyond(name, source.verifier, s, v, success))
    return max(found, key=lambda one: one.success, default=None)
