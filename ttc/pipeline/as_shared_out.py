"""What a run's votes came to where problems had as many solutions as they seemed to deserve.

Rows over S are about equally many solutions of every problem; this is about all that each has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ttc.analysis.grid import evaluate
from ttc.analysis.intervals import mean_interval
from ttc.analysis.settings import EstimatorSettings
from ttc.policies import PolicyPart
from ttc.store.pool import LoadedPool


def as_shared_out(
    loaded: LoadedPool, policies: Sequence[PolicyPart], seed: int, settings: EstimatorSettings
) -> list[dict[str, Any]]:
    """Of each policy that reads no verifications: its success on all solutions of each problem,
    with a 95 % interval for new problems, and how many solutions that were on average.
    """
    plain = [one for one in policies if not one.reads_verifications]
    counts = loaded.arrays.n_solutions
    if not plain:
        return []
    success = np.empty((len(counts), len(plain)))
    for i, (name, own) in enumerate(zip(loaded.arrays.problem_ids, counts.tolist(), strict=True)):
        alone, rng = loaded.only({name}).arrays, np.random.default_rng((seed, i))
        success[i] = evaluate(alone, [own], [], plain, rng, settings).success[0, :, 0, 0]
    low, high = mean_interval(success)
    return [
        {
            "policy": policy.label,
            "solutions": float(counts.mean()),
            "fewest": int(counts.min()),
            "most": int(counts.max()),
            "success": float(success[:, i].mean()),
            "ci_low": float(low[i]),
            "ci_high": float(high[i]),
            "n_problems": len(counts),
        }
        for i, policy in enumerate(plain)
    ]
