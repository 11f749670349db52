"""Where the problems of a part of a run stand, for whoever has the run's other parts as well."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ttc.budget.allocation import SLACK, Amounts, Standing
from ttc.budget.cost import UNITS


def part_facts(
    problems: Mapping[str, Standing], run: Amounts, cap: Amounts, billed: Amounts
) -> dict[str, Any]:
    """What a part used and was billed, of what, and who wanted more of the run's budget. run: the
    part's limits of that; cap: each problem's own.

    `wants`: how many problems were refused a sample that their own limits allow; `bare`: those of
    them without any; `least`: what the one needs beyond what it used that needs the least.
    """
    limits = {u: n for u, n in run.items() if math.isfinite(n)}
    wanting = [
        one
        for one in problems.values()
        if limits
        and one.needs is not None
        and all(one.needs[u] <= cap[u] * (1 + SLACK) for u in UNITS)
    ]
    extras = [{u: max(0.0, one.extra(u)) for u in limits} for one in wanting]
    used = {u: math.fsum(one.used[u] for one in problems.values()) for u in UNITS}
    return {
        "problems": len(problems),
        "limits": limits,
        "used": {u: max(0.0, n) for u, n in used.items()},  # sums of floats may end below 0
        "billed": {u: max(0.0, n) for u, n in billed.items()},
        "wants": len(wanting),
        "bare": sum(one.bare for one in wanting),
        "least": min(extras, key=lambda each: max(each[u] / limits[u] for u in limits), default={}),
    }
