"""Groups of problems that were made together, as a run's problems name them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ttc.errors import UsageError
from ttc.store.rows import read_problems
from ttc.store.run_folder import RunFolder
from ttc.words import nearest

_PREFIX = "metadata."


def clusters_of(
    run: RunFolder, key: str | None, problem_ids: Sequence[str]
) -> NDArray[np.intp] | None:
    """(problems,) numbers of the groups by a key of the problems' metadata, `metadata.template`;
    None without a key.

    Raises `UsageError` for a key that some of these problems lack.
    """
    if key is None:
        return None
    name = key.removeprefix(_PREFIX)
    known = {one.id: one.metadata for one in read_problems(run.problems)}
    there = sorted({k for one in known.values() for k in one})
    lacking = [problem for problem in problem_ids if name not in known[problem]]
    if lacking:
        raise UsageError(
            f"--cluster {key}: problem {lacking[0]!r} has no metadata {name!r}"
            + nearest(name, there)
        )
    labels = [repr(known[problem][name]) for problem in problem_ids]
    return np.unique(labels, return_inverse=True)[1].ravel()
