"""Which method, S and V to use at a budget, and how sure that is: behind `ttc recommend`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ttc.analysis.allocation import best_within
from ttc.analysis.best_cells import Cells
from ttc.analysis.surface import fit_surface
from ttc.errors import DataError
from ttc.pipeline.best_within import Chosen, Problems, affordable, choose, gap
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.scaling.allocations import Allocations, allocations_of, ladder
from ttc.pipeline.scaling.fits import FitRequest
from ttc.pipeline.scaling.sources import Source, load_sources, usual_unit
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Allocation:
    """A method with its S and V. cost: mean per problem in the unit that was asked for."""

    policy: str
    verifier: str | None
    S: int
    V: int
    cost: float
    success: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"success": self.success.as_dict()}


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
    unit = request.unit or usual_unit(run)
    sources = load_sources(
        [run],
        request.policies,
        request.verifier,
        unit,
        request.overrides,
        ladder,
        plain=True,
        scoring=request.scoring,
    )
    cells = allocations_of(sources)
    ids = sources[0].problem_ids
    clusters = None if request.cluster is None else clusters_of(run, request.cluster, ids)
    problems = Problems.of(len(ids), request.seed, request.draws, clusters, request.level)
    problems.require()
    return [_at(budget, unit, cells, sources, problems) for budget in budgets]


def _at(
    budget: float, unit: str, cells: Allocations, sources: Sequence[Source], problems: Problems
) -> Recommendation:
    inside = affordable(cells.cost, budget)
    if not inside:
        raise DataError(
            f"a budget of {budget:g} {unit} a problem buys no solution: one costs "
            f"{cells.cost.min():.3g}"
        )
    tried = Cells(cells.success, problems.weights)
    overall = choose(tried, inside, problems)
    by_method: dict[tuple[str, str | None], list[int]] = {}
    for i in inside:
        by_method.setdefault(cells.method[i], []).append(i)
    told = {name: choose(tried, own, problems) for name, own in by_method.items()}
    # Of equals the cheaper one: methods come by the cost of their first cell.
    ordered = sorted(told.values(), key=lambda one: -round(one.success.estimate, 9))
    best, *others = ordered

    def allocation(one: Chosen) -> Allocation:
        name, verifier = cells.method[one.place]
        size = int(cells.S[one.place]), int(cells.V[one.place])
        return Allocation(name, verifier, *size, float(cells.cost[one.place]), one.success)

    return Recommendation(
        budget=budget,
        unit=unit,
        best=allocation(best),
        confidence=float(
            np.mean([cells.method[w] == cells.method[best.place] for w in overall.winners])
        ),
        rivals=tuple(Rival(allocation(one), gap(best, one, problems)) for one in others),
        beyond=_beyond(budget, sources) if budget > 1.1 * cells.cost.max() else None,
        warning=problems.warning,
        scoring=sources[0].scoring,
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
