"""Named methods against each other at equal compute, paired over problems: `ttc contrast`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ttc.analysis.best_cells import Cells
from ttc.analysis.intervals import paired_test
from ttc.analysis.many import holm
from ttc.errors import DataError, UsageError
from ttc.pipeline.best_within import Chosen, Problems, affordable, choose, gap
from ttc.pipeline.clusters import clusters_of
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.planning.matching import Wanted
from ttc.pipeline.planning.sample_size import wanted_method
from ttc.pipeline.scaling.allocations import Allocations, allocations_of, ladder
from ttc.pipeline.scaling.fits import FitRequest
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
    chosen = [one for one in wanted if _open(one)]
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
    problems = Problems.of(len(ids), request.seed, request.draws, clusters, request.level)
    problems.require()
    tried = Cells(cells.success, problems.weights)
    rows = []
    for budget in budgets if chosen else (None,):
        found = [_side(one, budget, unit, cells, tried, problems) for one in wanted]
        rows += [_row(budget, cells, found[0], other, problems) for other in found[1:]]
    adjusted = holm([row.p for row in rows])
    told = (replace(row, p_holm=float(p)) for row, p in zip(rows, adjusted, strict=True))
    return Contrasts(tuple(told), unit, len(ids), problems.units, request.level)


def _side(
    wanted: Wanted,
    budget: float | None,
    unit: str,
    cells: Allocations,
    tried: Cells,
    problems: Problems,
) -> Chosen:
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
        raise DataError(f"the pool has no {label}{size}; coverage nobody can choose")
    if not _open(wanted):
        names = dict.fromkeys(str(cells.method[i][1]) for i in among)
        if len(names) > 1:
            raise UsageError(f"{label}: by whom? give --verifier, one of {', '.join(names)}")
        return choose(tried, among, problems)
    inside = affordable(cells.cost, math.inf if budget is None else budget, among)
    if not inside:
        least = min(cells.cost[among])
        raise DataError(f"{budget:g} {unit} a problem buys no {label}: it takes {least:.3g}")
    return choose(tried, inside, problems)


def _open(wanted: Wanted) -> bool:
    """Whether some size of it is to be chosen."""
    judged = wanted.policy.reads_verifications
    return not wanted.told or (judged and wanted.verifications is None)


def _row(
    budget: float | None, cells: Allocations, first: Chosen, other: Chosen, problems: Problems
) -> Contrast:
    def side(one: Chosen) -> Side:
        i = one.place
        name, verifier = cells.method[i]
        size = int(cells.S[i]), int(cells.V[i])
        return Side(name, verifier, *size, float(cells.cost[i]), one.success)

    # Of what was measured: where S and V were chosen, what is expected is less, and so is sure.
    p = float(paired_test(other.values - first.values, problems.clusters))
    return Contrast(budget, side(first), side(other), gap(first, other, problems), p, p)
