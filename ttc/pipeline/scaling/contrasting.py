"""Named methods against each other at equal compute, paired over problems: `ttc contrast`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ttc.analysis.intervals import paired_test
from ttc.analysis.many import holm
from ttc.errors import DataError, UsageError
from ttc.pipeline.best_within import Chosen, affordable, choose, gap
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.interval import Interval, plain
from ttc.pipeline.planning.matching import Wanted
from ttc.pipeline.planning.sample_size import wanted_method
from ttc.pipeline.scaling.allocations import Allocation, Allocations, ladder
from ttc.pipeline.scaling.fits import FitRequest
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Contrast:
    """The second method less the first. budget: None where both have sizes of their own.

    p: of the paired t test over problems (or clusters), the one that `ttc plan` plans for; p_holm:
    adjusted for all that are shown together.
    """

    budget: float | None
    first: Allocation
    second: Allocation
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
    sizes = {n for one in wanted for n in (one.solutions, one.verifications) if n}
    found = Allocations.of(
        run,
        request,
        [one.policy.label for one in wanted if one.policy.label not in ("majority", "first")],
        lambda most: tuple(sorted({*ladder(most), *(n for n in sizes if n <= most)})),
    )
    rows = []
    for budget in budgets if chosen else (None,):
        first, *others = (_side(one, budget, found) for one in wanted)
        rows += [_row(budget, found, first, other) for other in others]
    adjusted = holm([row.p for row in rows])
    told = (replace(row, p_holm=float(p)) for row, p in zip(rows, adjusted, strict=True))
    problems = found.problems
    count = len(found.sources[0].problem_ids)
    return Contrasts(tuple(told), found.unit, count, problems.units, request.level)


def _side(wanted: Wanted, budget: float | None, found: Allocations) -> Chosen:
    """A method at its own size where that was told, else at its best one within the budget."""
    label = wanted.policy.label
    among = [
        i
        for i, (name, _) in enumerate(found.method)
        if (name == label or (name == "first" and label == "majority"))
        and (wanted.solutions is None or found.S[i] == wanted.solutions)
        and (wanted.verifications is None or found.V[i] == wanted.verifications)
    ]
    if not among:
        size = "" if wanted.solutions is None else f" at S = {wanted.solutions}"
        size += "" if wanted.verifications is None else f", V = {wanted.verifications}"
        raise DataError(f"the pool has no {label}{size}; coverage nobody can choose")
    if not _open(wanted):
        names = dict.fromkeys(str(found.method[i][1]) for i in among)
        if len(names) > 1:
            raise UsageError(f"{label}: by whom? give --verifier, one of {', '.join(names)}")
        return choose(found.cells, among, found.problems)
    inside = affordable(found.cost, math.inf if budget is None else budget, among)
    if not inside:
        least = min(found.cost[among])
        raise DataError(f"{budget:g} {found.unit} a problem buys no {label}: it takes {least:.3g}")
    return choose(found.cells, inside, found.problems)


def _open(wanted: Wanted) -> bool:
    """Whether some size of it is to be chosen."""
    judged = wanted.policy.reads_verifications
    return not wanted.told or (judged and wanted.verifications is None)


def _row(budget: float | None, found: Allocations, first: Chosen, other: Chosen) -> Contrast:
    # Of what was measured: where S and V were chosen, what is expected is less, and so is sure.
    p = float(paired_test(other.values - first.values, found.problems.clusters))
    difference = gap(first, other, found.problems)
    return Contrast(budget, found.told(first), found.told(other), difference, p, p)
