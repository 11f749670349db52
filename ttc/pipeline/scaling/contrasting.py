"""Named methods against each other at equal compute, paired over problems: `ttc contrast`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.best_cells import Cells
from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import difference_interval, mean_interval, paired_test, resamples
from ttc.analysis.many import holm
from ttc.errors import DataError, UsageError
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.planning.matching import Wanted
from ttc.pipeline.planning.sample_size import wanted_method
from ttc.pipeline.scaling.allocations import Allocations, allocations_of, ladder
from ttc.pipeline.scaling.fits import FitRequest
from ttc.pipeline.scaling.quantities import Interval, plain
from ttc.pipeline.scaling.sources import load_sources, usual_unit
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Side:
    """A method at its S and V. expected: its success, out of bag where S and V were chosen."""

    policy: str
    verifier: str | None
    S: int
    V: int
    cost: float
    expected: Interval

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        named = {name: getattr(self, name) for name in ("policy", "verifier", "S", "V", "cost")}
        return named | {"success": self.expected.as_dict()}


@dataclass(frozen=True)
class Contrast:
    """The second method less the first. budget: None where both have sizes of their own.

    p: of the paired t test over problems (or clusters), the one that `ttc plan` plans for; p_holm:
    adjusted for all that are shown together.
    """

    budget: float | None
    first: Side
    second: Side
    difference: Interval
    p: float
    p_holm: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "budget": self.budget,
            "first": self.first.as_dict(),
            "second": self.second.as_dict(),
            "difference": self.difference.as_dict(),
            "p": plain(self.p),
            "p_holm": plain(self.p_holm),
        }


@dataclass(frozen=True)
class Contrasts:
    """All that were asked for. units: problems, or clusters of them."""

    rows: tuple[Contrast, ...]
    unit: str
    problems: int
    units: int
    level: float


@dataclass(frozen=True)
class _Tried:
    """A side with what it is on each problem. values: (problems,) success; expected: their mean,
    corrected for the choice.
    """

    side: Side
    values: FloatArray
    expected: float


def contrast(
    run: RunFolder, methods: Sequence[str], budgets: Sequence[float], request: FitRequest
) -> Contrasts:
    """Each later method against the first: at its own S and V, else at its best within a budget.

    methods: `METHOD`, `METHOD@S` or `METHOD@SxV`. Raises `UsageError` for fewer than two, one that
    has no S and V, or no budget where some size is to be chosen, and `DataError` as `fit_scaling`.
    """
    known = Evaluation.of_manifest(run.manifest()).policies
    wanted = [wanted_method(text, known) for text in methods]
    if len(wanted) < 2:
        raise UsageError("give two methods at least, such as majority best_of_n@16x8")
    chosen = [one for one in wanted if not one.told]
    if chosen and not budgets:
        raise UsageError(f"{chosen[0].policy.label}: give its S and V (METHOD@SxV), or --budget")
    unit = request.unit or usual_unit(run)
    sizes = {n for one in wanted for n in (one.solutions, one.verifications) if n}
    sources = load_sources(
        [run],
        [one.policy.label for one in wanted if one.policy.label not in ("majority", "first")],
        request.verifier,
        unit,
        request.overrides,
        lambda most: tuple(sorted({*ladder(most), *(n for n in sizes if n <= most)})),
        plain=True,
        scoring=request.scoring,
    )
    cells = allocations_of(sources)
    ids = sources[0].problem_ids
    clusters = None if request.cluster is None else clusters_of(run, request.cluster, ids)
    rng = np.random.default_rng([request.seed, 4])
    tried = Cells(cells.success, resamples(len(ids), request.draws, rng, clusters))
    rows = []
    for budget in budgets or (None,):
        first, *others = (
            _try(one, budget, unit, cells, tried, clusters, request) for one in wanted
        )
        rows += [_row(budget, first, other, clusters, request.level) for other in others]
    adjusted = holm([row.p for row in rows])
    units = len(ids) if clusters is None else len(set(clusters.tolist()))
    told = (
        Contrast(r.budget, r.first, r.second, r.difference, r.p, float(p))
        for r, p in zip(rows, adjusted, strict=True)
    )
    return Contrasts(tuple(told), unit, len(ids), units, request.level)


def _try(
    wanted: Wanted,
    budget: float | None,
    unit: str,
    cells: Allocations,
    tried: Cells,
    clusters: IntArray | None,
    request: FitRequest,
) -> _Tried:
    """A method at its own size where that was told, else at its best one within the budget."""
    label = wanted.policy.label
    among = [
        i
        for i, (name, _) in enumerate(cells.method)
        if (name == label or (name == "first" and label == "majority"))
        and (wanted.solutions is None or cells.S[i] == wanted.solutions)
        and (wanted.verifications is None or cells.V[i] == wanted.verifications)
    ]
    if not among:
        size = "" if wanted.solutions is None else f" at S = {wanted.solutions}"
        size += "" if wanted.verifications is None else f", V = {wanted.verifications}"
        raise DataError(f"the pool has no {label}{size}")
    if wanted.told and (wanted.verifications or not wanted.policy.reads_verifications):
        place, expected = among[-1], float(tried.mean[among[-1]])
    else:
        inside = [i for i in among if budget is None or cells.cost[i] <= budget * (1 + 1e-9)]
        if not inside:
            least = min(cells.cost[among])
            raise DataError(f"{budget:g} {unit} a problem buys no {label}: it takes {least:.3g}")
        inside.sort(key=lambda i: float(cells.cost[i]))
        winner = tried.best(np.array(inside))
        place, expected = winner.place, winner.expected
    values = cells.success[:, place]
    ends = mean_interval(values, request.level, clusters)
    moved = expected - float(values.mean())
    success = Interval(expected, *(float(np.clip(end + moved, 0, 1)) for end in ends))
    name, verifier = cells.method[place]
    s, v, cost = int(cells.S[place]), int(cells.V[place]), float(cells.cost[place])
    return _Tried(Side(name, verifier, s, v, cost, success), values, expected)


def _row(
    budget: float | None, first: _Tried, other: _Tried, clusters: IntArray | None, level: float
) -> Contrast:
    gap = other.values - first.values
    expected = other.expected - first.expected
    moved = expected - float(gap.mean())
    ends = difference_interval(gap, level, clusters)
    difference = Interval(expected, *(float(np.clip(end + moved, -1, 1)) for end in ends))
    p = float(paired_test(gap + moved, clusters))
    return Contrast(budget, first.side, other.side, difference, p, p)
