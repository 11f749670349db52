"""Each run's cells: what it succeeds at and costs at every S and V, or limit of its tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ttc.pipeline.comparing.wanted import Request
from ttc.pipeline.curve_query import with_overrides
from ttc.pipeline.curves import Curves
from ttc.pipeline.evaluate import Evaluation, evaluate_run
from ttc.pipeline.latency import at_concurrency, cell_latency
from ttc.pipeline.measured import measured_curve
from ttc.pipeline.scaling.allocations import ladder
from ttc.policies import matching
from ttc.store.attempts import is_measured
from ttc.store.pool import load_any, verifiers
from ttc.store.run_folder import RunFolder


@dataclass(frozen=True)
class Evaluated:
    """A run with the cells of its policies; those that read no verification first."""

    run: RunFolder
    parts: tuple[Curves, ...]

    @property
    def limits(self) -> tuple[float, ...]:
        """Of measured answers, in tokens."""
        rows = (row for part in self.parts for row in part.rows)
        return tuple(row["cap"] for row in rows if row["estimator"] == "measured")


def evaluated(run: RunFolder, request: Request, only: frozenset[str] | None) -> Evaluated:
    """A run's cells, on some of its problems."""
    return Evaluated(run, tuple(_parts(run, request, only, ())))


def evaluated_alike(
    runs: Sequence[RunFolder], request: Request, only: frozenset[str] | None
) -> list[Evaluated]:
    """Repeats of one recipe: with limits in tokens that all of them have."""
    found = [evaluated(run, request, only) for run in runs]
    limits = sorted({limit for one in found for limit in one.limits})
    if len(runs) < 2 or not limits:
        return found
    return [Evaluated(run, tuple(_parts(run, request, only, limits))) for run in runs]


def _parts(
    run: RunFolder, request: Request, only: frozenset[str] | None, limits: Sequence[float]
) -> Iterator[Curves]:
    manifest = run.manifest()
    wanted = Evaluation.of_manifest(manifest)
    cost = with_overrides(wanted.cost, request.overrides)
    wanted = replace(wanted, cost=cost, budgets={}, only=only)
    if is_measured(run):
        wanted = replace(wanted, caps=(*wanted.caps, *limits))
        if request.slots is not None:
            yield measured_curve(at_concurrency(run, request.slots), wanted.caps).curves
            return
    else:
        wanted = _of_pool(run, wanted, request)
    for curves in evaluate_run(run, manifest, wanted).parts:
        if curves.rows:
            yield curves if request.slots is None else _timed(run, curves, request.slots)


def _of_pool(run: RunFolder, wanted: Evaluation, request: Request) -> Evaluation:
    """At more sizes than a run's own curves have, all policies on the same problems."""
    most = int(load_any(run).arrays.n_solutions.max())
    sizes = sorted({*ladder(most), *(s for s in request.samples if s <= most)})
    chosen = wanted.policies
    if request.policies:
        found = {p.label: p for name in request.policies for p in matching(name, chosen)}
        chosen = tuple(found.values())
    return replace(wanted, solutions=sizes, same_problems=bool(verifiers(run)), policies=chosen)


def _timed(run: RunFolder, curves: Curves, slots: int) -> Curves:
    """Rows of a pool with the seconds that S solutions and then V verifications of each take."""
    rows = [dict(row) for row in curves.rows]
    for verifier in dict.fromkeys(row["verifier"] for row in rows):
        own = [row for row in rows if row["verifier"] == verifier]
        cells = list(dict.fromkeys((int(row["S"]), int(row["V"] or 0)) for row in own))
        ids, seconds = cell_latency(run, slots, cells, verifier)
        inside = np.isin(np.array(ids), np.array(curves.problem_ids))
        mean = dict(zip(cells, seconds[inside].mean(axis=0).tolist(), strict=True))
        for row in own:
            row["latency"] = mean[int(row["S"]), int(row["V"] or 0)]
    return replace(curves, rows=rows)
