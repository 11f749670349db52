"""Work on a pool's problems by several processes, here or on a cluster that joblib knows.

A process of a cluster gets ids of problems and the place where the pool is, and reads it once;
within one machine, and where the pool has no such place, it gets the problems' rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ttc.analysis.pool import PoolArrays

T = TypeVar("T")
Work = Callable[[PoolArrays, Sequence[int], Sequence[int]], list[T]]
"""Of a pool, places of problems in it and a seed for each: something for each."""
_BATCHES = 4
"""Batches for each process, so that the last one is waited for a short time only."""


class PoolSource(Protocol):
    """Where another process finds a pool. Small, to be pickled, and equal only where pools are."""

    def load(self) -> PoolArrays:
        """The pool, which may have more problems; of each id it has the same rows."""
        ...

    def __hash__(self) -> int: ...


def spread_over(
    pool: PoolArrays,
    seeds: NDArray[np.int64],
    work: Work[T],
    n_jobs: int | None = None,
    source: PoolSource | None = None,
) -> list[T]:
    """Do work for each problem of a pool, in order, the same for every n_jobs and source.

    n_jobs: processes, as joblib counts them; None for what `joblib.parallel_config` says, else one.
    """
    places = range(pool.n_problems)
    told = [int(seed) for seed in seeds]
    if n_jobs == 1:
        return work(pool, places, told)
    from joblib import Parallel, delayed, effective_n_jobs

    jobs = effective_n_jobs(n_jobs)
    if jobs == 1 and source is None:
        return work(pool, places, told)
    batches = np.array_split(np.arange(pool.n_problems), min(pool.n_problems, _BATCHES * jobs))
    each = ((batch.tolist(), [told[i] for i in batch]) for batch in batches)
    if source is None or not pool.problem_ids:
        tasks = (delayed(work)(_rows(pool, some), range(len(some)), own) for some, own in each)
    else:
        ids = pool.problem_ids
        tasks = (
            delayed(_of_source)(source, tuple(ids[i] for i in some), own, work)
            for some, own in each
        )
    return [one for part in Parallel(n_jobs=n_jobs)(tasks) for one in part]


def _of_source(
    source: PoolSource, ids: Sequence[str], seeds: Sequence[int], work: Work[T]
) -> list[T]:
    """A batch, in another process."""
    pool, places = _loaded(source)
    return work(pool, [places[name] for name in ids], seeds)


@lru_cache(maxsize=2)
def _loaded(source: PoolSource) -> tuple[PoolArrays, dict[str, int]]:
    pool = source.load()
    return pool, {name: i for i, name in enumerate(pool.problem_ids)}


def _rows(pool: PoolArrays, places: Sequence[int]) -> PoolArrays:
    ids = tuple(pool.problem_ids[i] for i in places) if pool.problem_ids else ()
    known = {one.name: getattr(pool, one.name) for one in fields(pool) if one.name != "problem_ids"}
    rows = {name: values[places] for name, values in known.items() if values is not None}
    return replace(pool, problem_ids=ids, **rows)
