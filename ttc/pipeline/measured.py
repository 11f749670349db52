"""The `curves` rows of attempts that give one answer: measured, at limits of their tokens.

Samplers whose solutions are no exchangeable draws have no curve over S: what any S of their
solutions are worth, and what they cost, can't be told from those that there are. But what an
attempt would have answered at any limit, and used by then, is known. All that it drew counts:
what was discarded, and what its critics and rewards drew. Verifiers at the top level of the recipe
are asked when an attempt is over; they are no part of its answer, nor of its cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.estimate import FloatArray
from ttc.analysis.intervals import mean_interval
from ttc.analysis.measured import Attempts, Stopped, caps
from ttc.budget.cost import CostConfig, Rates
from ttc.pipeline.costs import role_rates
from ttc.pipeline.curves import Curves, Row
from ttc.store.attempts import LoadedAttempts
from ttc.store.manifest import Manifest

POLICY = "answer"
"""What stands in `policy`: the sampler itself chose."""


@dataclass(frozen=True)
class Measured:
    """Curves, and facts for the manifest."""

    curves: Curves
    facts: dict[str, Any]


def measured_curve(
    loaded: LoadedAttempts, wanted: Sequence[float], clusters: ArrayLike | None = None
) -> Measured:
    """A row for each limit, and what they are about. wanted: limits that are to be among them;
    clusters: (problems,) numbers of the groups of problems that were made together.

    Success is averaged over a problem's attempts first, then over problems.
    """
    arrays = loaded.arrays
    limits = caps(arrays, wanted)
    stopped = [arrays.stopped(cap) for cap in limits]
    success = np.stack([arrays.by_problem(one.right.astype(float)) for one in stopped], axis=1)
    low, high = mean_interval(success, clusters=clusters)
    rows = [
        {
            "policy": POLICY,
            "verifier": None,
            "S": None,
            "V": None,
            "cap": cap,
            "cost_c": None,
            **_spent(arrays, one),
            "success": float(success[:, i].mean()),
            "ci_low": float(low[i]),
            "ci_high": float(high[i]),
            "mc_standard_error": _error(arrays, one),
            "estimator": "measured",
            "n_problems": arrays.n_problems,
            "n_left_out": len(loaded.left_out),
        }
        for i, (cap, one) in enumerate(zip(limits, stopped, strict=True))
    ]
    curves = Curves(rows, [], success, loaded.problem_ids)
    return Measured(curves, _facts(loaded, stopped[-1]))


def _spent(arrays: Attempts, stopped: Stopped) -> Row:
    def mean(values: FloatArray) -> float:
        return float(arrays.by_problem(values).mean())

    low, high = np.quantile(stopped.used["tokens"], (0.1, 0.9), method="inverted_cdf")
    return {
        **{unit: mean(used) for unit, used in stopped.used.items()},
        "cost_p10": float(low),
        "cost_p90": float(high),
        "latency": mean(stopped.latency),
    }


def _error(arrays: Attempts, stopped: Stopped) -> float | None:
    """Standard error of success by how repeats differ; None where there are no repeats."""
    variance = arrays.repeat_variance(stopped.right.astype(float))
    return None if np.isnan(variance) else float(np.sqrt(variance))


def _facts(loaded: LoadedAttempts, whole: Stopped) -> dict[str, Any]:
    arrays = loaded.arrays
    counts = np.bincount(arrays.problem, minlength=arrays.n_problems)
    silent = np.setdiff1d(arrays.problem, arrays.problem[arrays.said])
    return {
        "measured": True,
        "problems": arrays.n_problems + len(loaded.left_out),
        "evaluated": arrays.n_problems,
        "without_solutions": list(loaded.left_out),
        "without_answer": [loaded.problem_ids[i] for i in silent],
        "repeats": {"fewest": int(counts.min()), "most": int(counts.max())},
        "repeat_standard_error": _error(arrays, whole),
    }


def recounted(loaded: LoadedAttempts, cost: CostConfig, manifest: Manifest) -> LoadedAttempts:
    """The attempts with FLOPs and USD by other rates than the run's own."""
    rates = {role: _rates(role, cost, manifest) for role in dict.fromkeys(loaded.role)}
    flops, usd = np.full(len(loaded.role), np.nan), np.full(len(loaded.role), np.nan)
    columns = (loaded.prompt.tolist(), loaded.cached.tolist(), loaded.completion.tolist())
    for i, (role, prompt, cached, completion) in enumerate(zip(loaded.role, *columns, strict=True)):
        one = rates[role]
        if one is None:
            continue
        amounts = one.of_samples(prompt, [completion], 1, cached)
        flops[i] = np.nan if one.missing("flops") else amounts["flops"]
        usd[i] = np.nan if one.missing("usd") else amounts["usd"]
    used = {**loaded.arrays.used, "flops": flops, "usd": usd}
    return replace(loaded, arrays=replace(loaded.arrays, used=used))


def _rates(role: str, cost: CostConfig, manifest: Manifest) -> Rates | None:
    """Of the model that had a role in attempts; None where the manifest does not tell which."""
    models = manifest.models
    inside = [name for name in models if name.startswith("sampler.") and role in name.split(".")]
    names = [role] if role == "solver" else inside
    if not names and len({(m.backend, m.model, m.endpoint) for m in models.values()}) == 1:
        names = ["solver"]
    if len({(models[n].backend, models[n].model) for n in names if n in models}) != 1:
        return None
    return role_rates(cost, manifest, names[0])
