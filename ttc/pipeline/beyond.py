"""Coverage beyond a run's pool, and which problems should get more solutions to know it better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import IntArray
from ttc.analysis.extra_samples import SamplePlan, plan_samples
from ttc.analysis.solve_rates import CoverageForecast, believe

HALF = 0.5


@dataclass(frozen=True)
class MoreFor:
    """Problems with the same counts, and the solutions that each of them should get."""

    right: int
    solutions: int
    more: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Beyond:
    """coverage: of new problems; odds: of parts of the shape, see `RateBelief.odds`; plan: how to
    halve the error of pass@k at the largest k, over these problems; where: its solutions.
    """

    coverage: CoverageForecast
    odds: dict[str, float]
    plan: SamplePlan
    where: tuple[MoreFor, ...]

    @property
    def factor(self) -> float:
        """What the plan is expected to leave of today's error."""
        now = self.plan.error_now
        return self.plan.error_then / now if now > 0 else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found, plan = self.coverage, self.plan
        rows = zip(found.k, found.mean, found.low, found.high, strict=True)
        return {
            "coverage": [
                {"k": int(k), "value": float(y), "low": float(low), "high": float(high)}
                for k, y, low, high in rows
            ],
            "probability_of": self.odds,
            "more_solutions": {
                "k": plan.k,
                "pass_at_k_of_these_problems": plan.expected,
                "standard_error": plan.error_now,
                "expected_standard_error": plan.error_then,
                "expected_if_spread_evenly": plan.error_even,
                "total": plan.total,
                "by_counts": [vars(one) | {"problems": list(one.problems)} for one in self.where],
            },
        }


def look_beyond(
    right: IntArray, total: IntArray, ids: Sequence[str], k: Sequence[int], level: float
) -> Beyond:
    """The forecast from (problems,) counts at sizes k, ascending."""
    belief = believe(right, total)
    plan = plan_samples(belief, right, total, k[-1], share=HALF)
    return Beyond(
        belief.forecast(k, level), belief.odds, plan, _where(right, total, plan.more, ids)
    )


def _where(
    right: IntArray, total: IntArray, more: IntArray, ids: Sequence[str]
) -> tuple[MoreFor, ...]:
    kinds = np.unique(np.column_stack([right, total, more])[more > 0], axis=0)
    found = []
    for c, n, extra in kinds:
        own = np.flatnonzero((right == c) & (total == n) & (more == extra))
        names = tuple(ids[int(i)] for i in own)
        found.append(MoreFor(int(c), int(n), int(extra), names))
    return tuple(found)
