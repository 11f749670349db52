"""All policies at all budgets from one pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ttc.analysis.errors import GridError
from ttc.analysis.estimate import Estimate, FloatArray, IntArray
from ttc.analysis.passk import check_sizes
from ttc.analysis.policies import Policy
from ttc.analysis.pool import PoolArrays
from ttc.analysis.problem_view import ProblemView
from ttc.analysis.result import GridResult
from ttc.analysis.settings import EstimatorSettings
from ttc.analysis.spread import PoolSource, spread_over
from ttc.errors import at_problem

Row = tuple[Estimate, dict[int, FloatArray]]
"""Of one problem: see `evaluate_problem`."""


def powers_of_two(largest: int) -> tuple[int, ...]:
    """1, 2, 4 ... up to `largest`: the usual grid."""
    return tuple(2**i for i in range(int(largest).bit_length())) if largest >= 1 else ()


def evaluate(
    pool: PoolArrays,
    S: Sequence[int],
    V: Sequence[int],
    policies: Sequence[Policy],
    rng: np.random.Generator,
    settings: EstimatorSettings | None = None,
    n_jobs: int | None = None,
    source: PoolSource | None = None,
) -> GridResult:
    """Success probability of each policy, for each problem, S and V, without resampling a model.

    S: solutions drawn, without replacement, from a problem's pool. V: verifications of each, drawn
    as `settings.verification_draws` says; 0 is added for policies that read none. Policies that
    read verifications draw from the verified solutions only, the others from all; cells beyond a
    problem's pool are NaN with method `unavailable`. `rng` seeds one generator a problem, so
    results depend neither on `n_jobs` nor on what else is asked for.

    n_jobs: processes; None for one, unless `joblib.parallel_config` says otherwise. source: where
    other processes find the pool, so that problems' ids travel to them and no arrays.

    policies: objects of `ttc.policies`, such as `named("majority")`, with labels of their own.
    Raises `GridError` for what is no such object, or an S or V that no problem can answer.
    """
    settings = settings or EstimatorSettings()
    solutions = sorted({int(s) for s in S})
    verifications = sorted({int(v) for v in V} | {0})
    check_request(pool, solutions, verifications[1:], policies)
    seeds = rng.integers(2**63, size=pool.n_problems)
    asked = Asked(settings, tuple(solutions), tuple(verifications), tuple(policies))
    rows = spread_over(pool, seeds, asked.rows, n_jobs, source)
    grid = Estimate.stack([row for row, _ in rows])
    assert grid.used_s is not None
    assert grid.used_v is not None
    paths = {i: np.stack([own[i] for _, own in rows]) for i in rows[0][1]}
    return GridResult(
        success=grid.value,
        standard_error=grid.standard_error,
        method=grid.method,
        policies=tuple(policy.label for policy in policies),
        S=np.asarray(solutions),
        V=np.asarray(verifications),
        solution_tokens=np.asarray(pool.solution_tokens, dtype=np.float64),
        verification_tokens=np.asarray(pool.verification_tokens, dtype=np.float64),
        problem_ids=pool.problem_ids,
        settings=settings,
        used_s=grid.used_s,
        used_v=grid.used_v,
        paths=paths,
        abstained=grid.abstained,
    )


@dataclass(frozen=True)
class Asked:
    """What is asked of each problem. verifications: start with 0."""

    settings: EstimatorSettings
    solutions: tuple[int, ...]
    verifications: tuple[int, ...]
    policies: tuple[Policy, ...]

    def rows(self, pool: PoolArrays, places: Sequence[int], seeds: Sequence[int]) -> list[Row]:
        """Of some problems of a pool, by their places in it."""
        views = (
            ProblemView.of(pool, i, self.settings, s) for i, s in zip(places, seeds, strict=True)
        )
        return [
            evaluate_problem(view, list(self.solutions), list(self.verifications), self.policies)
            for view in views
        ]


def evaluate_problem(
    view: ProblemView, solutions: list[int], verifications: list[int], policies: Sequence[Policy]
) -> Row:
    """One problem: (policy, S, V), and the paths of policies that stop, by their place.

    `verifications` starts with 0.
    """
    shape = (len(policies), len(solutions), len(verifications))
    used = np.broadcast_to(np.asarray(solutions, dtype=np.float64)[:, None], shape).copy()
    judged = np.broadcast_to(_judged(view, verifications), shape).copy()
    out = replace(Estimate.unavailable(shape), used_s=used, used_v=judged).with_abstentions()
    assert out.abstained is not None
    paths = {}
    for i, policy in enumerate(policies):
        columns = slice(1, None) if policy.reads_verifications else slice(0, 1)
        with at_problem(view.problem_id):
            part = policy.estimate(view, solutions, verifications[columns])
        cells = (i, slice(None), columns)
        out.set(cells, part.value, part.standard_error, part.method)
        own_use = (used, part.used_s), (judged, part.used_v), (out.abstained, part.abstained)
        for all_used, own in own_use:
            if own is not None:
                all_used[cells] = own
        if part.paths is not None:
            paths[i] = np.full((*shape[1:], part.paths.shape[-1]), np.nan)
            paths[i][:, columns] = part.paths
    return out, paths


def _judged(view: ProblemView, verifications: Sequence[int]) -> FloatArray:
    """(V,) verifications of a drawn solution: V, or all that it has where these are fewer."""
    wanted = np.asarray(verifications, dtype=np.float64)
    if not view.n_verified:
        return wanted
    return np.asarray(np.minimum(view.counts[:, None], wanted).mean(axis=0))


def check_request(
    pool: PoolArrays, solutions: list[int], verifications: list[int], policies: Sequence[Policy]
) -> None:
    """Raise `GridError`, in one sentence, for what cannot be answered by any problem."""
    for one in policies:
        if not hasattr(one, "estimate"):
            raise GridError(f"{one!r} is no policy; ttc.policies.named({one!r}) may be one.")
    if len(policies) == 0 or len({one.label for one in policies}) < len(policies):
        raise GridError("Policies must be given once each, and at least one.")
    check_sizes(solutions, int(pool.n_solutions.max()))
    if not any(policy.reads_verifications for policy in policies):
        return
    depth: IntArray = pool.n_verifications
    if depth.max() == 0:
        raise GridError("The pool holds no verifications, which the chosen policies need.")
    check_sizes(verifications, int(depth.max()), "verifications")
    if min(solutions) > pool.n_verified.max():
        raise GridError(
            f"S starts at {min(solutions)}, but no problem has more than "
            f"{int(pool.n_verified.max())} verified solutions."
        )
