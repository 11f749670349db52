"""The best of some candidates on one side of a split, and what it does on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ttc.analysis.estimate import FloatArray
from ttc.analysis.grid import evaluate
from ttc.analysis.intervals import difference_interval
from ttc.analysis.same_solutions import on_all_solutions
from ttc.errors import DataError, UsageError
from ttc.pipeline.costs import problem_costs, unit_costs
from ttc.pipeline.curves import Row, curve_rows, grid_sizes, known
from ttc.pipeline.evaluate import Evaluation
from ttc.pipeline.tuning.file import Candidate, Choice, Figure
from ttc.pipeline.tuning.request import TuneRequest
from ttc.policies import PolicyPart
from ttc.store.manifest import Manifest
from ttc.store.pool import LoadedPool

_SAME = 1e-9  # successes that differ by less are equal


@dataclass(frozen=True)
class Side:
    """Pools of the problems of one side, and what they are evaluated by."""

    loaded: LoadedPool
    wanted: Evaluation
    manifest: Manifest

    def rows(self, policies: Sequence[PolicyPart], s: Sequence[int], v: Sequence[int]) -> list[Row]:
        """As in the curves of a run. V is empty where nothing reads verifications."""
        pool, cost = self.loaded.arrays, self.wanted.cost
        costs = unit_costs(self.loaded, cost, self.manifest)
        each = partial(problem_costs, self.loaded, cost, self.manifest)
        made = curve_rows(
            pool, s, v, policies, costs, self.loaded.verifier, self.wanted.seed,
            self.wanted.settings, by_problem=each,
        )  # fmt: skip
        return made.rows

    def success(self, policy: PolicyPart, s: int, v: int, other: PolicyPart) -> FloatArray:
        """(problems,) in one cell. other: on the same random draws."""
        pool, seed = self.loaded.arrays, self.wanted.seed
        both = [policy, other] if other.label != policy.label else [policy]
        rng = np.random.default_rng(seed)
        grid = evaluate(pool, [s], [v] if v else [], both, rng, self.wanted.settings)
        grid = on_all_solutions(grid, pool, both, np.random.default_rng(seed + 2))
        found: FloatArray = grid.success[:, 0, 0, -1 if v else 0]
        return found


def choose(
    sides: Sequence[Side],
    tried: Sequence[PolicyPart],
    fields: Sequence[str],
    request: TuneRequest,
) -> Choice:
    """The best of those tried, the first of which is the policy as it was."""
    tuning, others = sides
    sizes, depths = _cells(sides, tried[0], request)
    rows = tuning.rows(tried, sizes, depths)
    column = "cost_c" if request.unit == "c" or request.budget is None else request.unit
    if request.budget is not None:
        rows = [row for row in rows if (known(row[column]) or 0) <= request.budget * (1 + 1e-9)]
        if not rows:
            raise UsageError(f"no S and V cost at most {request.budget:g} {request.unit}")
    best_of = {one.label: _best([r for r in rows if r["policy"] == one.label]) for one in tried}
    told = {label: row for label, row in best_of.items() if row is not None}
    if not told:
        raise DataError(f"{tried[0].label} can't be evaluated at the S and V wanted")
    leader = _leader(told, tried[0].label)
    by_label = {one.label: one for one in tried}
    after, before = by_label[leader], tried[0]
    cell = told[leader]["S"], told[leader]["V"]
    old = told.get(before.label, told[leader])
    cells = (after, *cell), (before, old["S"], old["V"])
    figures = [_compared(side, *cells) for side in (tuning, others)]
    return Choice(
        label=leader,
        policy={"type": type(after).model_fields["type"].default}
        | after.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        before=before.label,
        verifier=tuning.loaded.verifier if after.reads_verifications else None,
        S=cell[0],
        V=cell[1],
        candidates=[
            _candidate(by_label[label], fields, row, column) for label, row in told.items()
        ],
        success_tuning=figures[0][0],
        success_others=figures[1][0],
        gain_tuning=figures[0][1],
        gain_others=figures[1][1],
        optimism=figures[0][1].estimate - figures[1][1].estimate,
    )


def _leader(told: Mapping[str, Row], before: str) -> str:
    """Of equals the policy as it was, else the one in the middle: values that lie between others
    that do as well are safer than one at the edge.
    """
    success = {label: round(row["success"] / _SAME) for label, row in told.items()}
    equals = [label for label, value in success.items() if value == max(success.values())]
    return before if before in equals else equals[(len(equals) - 1) // 2]


def _cells(
    sides: Sequence[Side], policy: PolicyPart, request: TuneRequest
) -> tuple[list[int], list[int]]:
    """The S and V that are tried: one of each, or with a budget all of the run's grid."""
    pools, wanted = [side.loaded.arrays for side in sides], sides[0].wanted
    reading = policy.reads_verifications
    reach = min(int((p.n_verified if reading else p.n_solutions).min()) for p in pools)
    depth = min(int(p.n_verifications.min()) for p in pools) if reading else 0
    for name, asked, most in (
        ("--solutions", request.solutions, reach),
        ("--verifications", request.verifications if reading else None, depth),
    ):
        if asked is not None and asked > most:
            raise UsageError(f"{name} {asked}: some problem has only {most}")
    sizes = [request.solutions] if request.solutions else grid_sizes(wanted.solutions, reach)
    depths = grid_sizes(wanted.verifications, depth) if reading else []
    depths = [request.verifications] if reading and request.verifications else depths
    if not sizes or (reading and not depths):
        raise DataError(f"{policy.label} can't be tuned: some problem has too few samples")
    return (sizes, depths) if request.budget is not None else (sizes[-1:], depths[-1:])


def _best(rows: Sequence[Row]) -> Row | None:
    """The row of highest success, and of equals the cheapest."""
    if not rows:
        return None
    return max(rows, key=lambda row: (round(row["success"] / _SAME), -row["calls"]))


def _candidate(policy: PolicyPart, fields: Sequence[str], row: Row, cost: str) -> Candidate:
    given = policy.model_dump(mode="json", by_alias=True, include=set(fields))
    return Candidate(
        parameters=given,
        label=policy.label,
        S=row["S"],
        V=row["V"],
        cost=known(row[cost]),
        success=row["success"],
        low=known(row["ci_low"]),
        high=known(row["ci_high"]),
        mc_standard_error=known(row["mc_standard_error"]),
    )


def _compared(
    side: Side, after: tuple[PolicyPart, int, int], before: tuple[PolicyPart, int, int]
) -> tuple[Figure, Figure]:
    """Success of the policy after tuning, and what it gains on that before, over problems."""
    (row,) = side.rows([after[0]], [after[1]], [after[2]] if after[2] else [])
    count = side.loaded.arrays.n_problems
    success = Figure(
        estimate=row["success"],
        low=known(row["ci_low"]),
        high=known(row["ci_high"]),
        problems=count,
    )
    if after == before:
        return success, Figure(estimate=0.0, low=0.0, high=0.0, problems=count)
    gains = side.success(*after, before[0]) - side.success(*before, after[0])
    low, high = (known(float(end)) for end in difference_interval(gains))
    return success, Figure(estimate=float(gains.mean()), low=low, high=high, problems=count)
