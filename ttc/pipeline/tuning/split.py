"""Which problems are tuned on: drawn from the seed, alike from each level of difficulty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ttc.core import Problem
from ttc.errors import UsageError

FEWEST = 2
"""Problems that either side needs at least."""
_STREAM = 0x7E57  # apart from what else is drawn from the seed
_STRATA = ("level", "difficulty")


def stratum(problems: Sequence[Problem]) -> str | None:
    """The key of metadata that says how hard a problem is, where all have one."""
    for name in _STRATA:
        if all(name in problem.metadata for problem in problems):
            return name
    return None


def tuning_split(problems: Sequence[Problem], number: int, seed: int) -> frozenset[str]:
    """Ids of `number` problems, as many of each level as its share of all says (largest remainder).

    Raises `UsageError` where fewer than two would be on either side.
    """
    total = len(problems)
    if not FEWEST <= number <= total - FEWEST:
        raise UsageError(
            f"{number} problems to tune on leave {total - number} of {total} to report on; each "
            f"side needs {FEWEST} at least"
        )
    rng = np.random.default_rng([seed, _STREAM])
    key = stratum(problems)
    labels = [repr(p.metadata[key]) if key else "" for p in problems]
    levels, of = np.unique(labels, return_inverse=True)
    exact = np.bincount(of) * number / total
    sizes = np.floor(exact).astype(int)
    # Remainders that tie are taken in random order.
    order = np.lexsort((rng.random(len(levels)), np.round(sizes - exact, 9)))
    sizes[order[: number - sizes.sum()]] += 1
    chosen: list[str] = []
    for level, size in enumerate(sizes.tolist()):
        there = np.flatnonzero(of == level)
        chosen += [problems[i].id for i in rng.permutation(there)[:size]]
    return frozenset(chosen)


def split_of_clusters(
    problems: Sequence[Problem], clusters: NDArray[np.intp], number: int, seed: int
) -> frozenset[str]:
    """Ids of about `number` problems, of whole clusters: what was made together is on one side.

    clusters: (problems,) numbers. Raises `UsageError` where either side would have none.
    """
    rng = np.random.default_rng([seed, _STREAM])
    sizes = np.bincount(clusters)
    drawn = rng.permutation(np.flatnonzero(sizes))
    if len(drawn) < 2:
        raise UsageError("all problems are of one cluster: there is nothing to tune on apart")
    reached = np.cumsum(sizes[drawn])
    # As near to the number as whole clusters come, with one at least on either side.
    taken = drawn[: int(np.argmin(np.abs(reached[:-1] - number))) + 1]
    return frozenset(
        one.id for one, label in zip(problems, clusters, strict=True) if label in taken
    )
