"""Which method, S and V to use at a budget, and how sure that is: behind `ttc recommend`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ttc.analysis.allocation import best_within
from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import difference_interval, mean_interval, resamples
from ttc.analysis.surface import fit_surface
from ttc.errors import DataError
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.scaling.allocations import Allocations, allocations_of, ladder
from ttc.pipeline.scaling.fits import FitRequest
from ttc.pipeline.scaling.quantities import Interval, plain
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

    expected: success of the choice on problems that it was not chosen by (`best_cells`). The
    success of `best` itself flatters, as that of any winner does. confidence: share of the
    resamples in which a cell of the same method is best. beyond: for a budget that buys more than
    the pool has. scoring: how verifications became scores.
    """

    budget: float
    unit: str
    best: Allocation
    expected: float
    confidence: float
    rivals: tuple[Rival, ...]
    beyond: Beyond | None
    scoring: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": self.budget,
            "unit": self.unit,
            "scoring": dict(self.scoring),
            "best": self.best.as_dict(),
            "expected_on_new_problems": plain(self.expected),
            "confidence_in_method": self.confidence,
            "rivals": [
                one.allocation.as_dict() | {"behind": one.behind.as_dict()} for one in self.rivals
            ],
            "beyond_the_pool": None if self.beyond is None else asdict(self.beyond),
        }


@dataclass(frozen=True)
class _Problems:
    """How problems are resampled: weights (draws, problems), clusters (problems,)."""

    weights: FloatArray
    clusters: IntArray | None
    level: float


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
    rng = np.random.default_rng([request.seed, 3])
    ids = sources[0].problem_ids
    clusters = None if request.cluster is None else clusters_of(run, request.cluster, ids)
    weights = resamples(len(cells.success), request.draws, rng, clusters)
    problems = _Problems(weights, clusters, request.level)
    return [_at(budget, unit, cells, sources, problems) for budget in budgets]


def _at(
    budget: float, unit: str, cells: Allocations, sources: Sequence[Source], problems: _Problems
) -> Recommendation:
    inside = np.flatnonzero(cells.cost <= budget * (1 + 1e-9))
    if not len(inside):
        raise DataError(
            f"a budget of {budget:g} {unit} a problem buys no solution: one costs "
            f"{cells.cost.min():.3g}"
        )
    inside = inside[np.argsort(cells.cost[inside], kind="stable")]  # of equals, the cheapest
    success = cells.success[:, inside]
    tried = Cells(success, problems.weights)
    methods = [cells.method[i] for i in inside]
    winner = tried.best(np.arange(len(inside)))
    chosen, mean = winner.place, tried.mean
    agreed = np.mean([methods[w] == methods[chosen] for w in winner.winners])

    def allocation(place: int) -> Allocation:
        i = inside[place]
        ends = mean_interval(success[:, place], problems.level, problems.clusters)
        found = Interval(float(mean[place]), *map(float, ends))
        name, verifier = cells.method[i]
        return Allocation(name, verifier, int(cells.S[i]), int(cells.V[i]), cells.cost[i], found)

    rivals = []
    for name in dict.fromkeys(methods):
        if name != methods[chosen]:
            own = [k for k, method in enumerate(methods) if method == name]
            best = own[int(mean[own].argmax())]
            gap = success[:, best] - success[:, chosen]
            ends = difference_interval(gap, problems.level, problems.clusters)
            rivals.append(Rival(allocation(best), Interval(float(gap.mean()), *map(float, ends))))
    rivals.sort(key=lambda rival: -rival.allocation.success.estimate)
    beyond = None
    if budget > 1.1 * cells.cost.max():
        beyond = _beyond(budget, sources)
    return Recommendation(
        budget=budget,
        unit=unit,
        best=allocation(chosen),
        expected=winner.expected,
        confidence=float(agreed),
        rivals=tuple(rivals),
        beyond=beyond,
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
