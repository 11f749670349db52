"""What shards left of a run's budget, and whether dealing it out would buy anything.

A shard spends what the first round of one machine gives its problems. All further rounds look at
all problems, so they are another pass: the recipe on one machine, which finds what the shards drew
in the journal and deals out the rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ttc.budget.allocation import SLACK, WORTH
from ttc.budget.cost import UNITS
from ttc.budget.ledger import Ledger
from ttc.errors import DataError
from ttc.store.manifest import Manifest, MergeNote

Part = Mapping[str, Any]
"""`part` of a shard's ledger, see `ttc.budget.part`."""


def parts_of(manifests: Sequence[Manifest]) -> list[Part]:
    """What each shard's ledger says of the part that it was."""
    return [one.ledger.get("part") or {} for one in manifests]


def run_limits(manifest: Manifest) -> dict[str, float]:
    """The recipe's limits for the whole run, by unit of account."""
    per_run = manifest.recipe.get("budget", {}).get("per_run", {})
    return {u: float(per_run[u]) for u in UNITS if per_run.get(u)}


def totals(parts: Sequence[Part], name: str) -> dict[str, float]:
    """`used` or `billed` of all parts together, by unit."""
    return {u: math.fsum(float(part.get(name, {}).get(u, 0.0)) for part in parts) for u in UNITS}


def note_left(manifests: Sequence[Manifest]) -> MergeNote:
    """What shards left, and whether it buys any problem a sample that it was refused."""
    limits, parts = run_limits(manifests[0]), parts_of(manifests)
    used, billed = totals(parts, "used"), totals(parts, "billed")
    left = {u: max(0.0, n - max(used[u], billed[u])) for u, n in limits.items()}
    wants = sum(int(part.get("wants", 0)) for part in parts)
    bare = sum(int(part.get("bare", 0)) for part in parts)
    least = [part["least"] for part in parts if part.get("least")]
    affordable = any(
        all(one[u] <= left[u] * (1 + SLACK) for u in limits if u in one) for one in least
    )
    worth = bare or all(left[u] >= WORTH * limits[u] for u in limits)
    return MergeNote(
        billed=billed,
        left=left,
        wanting=wants,
        second_pass=bool(limits and wants and affordable and worth),
    )


def require_bills(manifest: Manifest, ledger: Ledger) -> None:
    """Raise `DataError` where a journal lacks what a run's shards were billed: with that it lacks
    their samples, which the second pass would buy once more.
    """
    merged = manifest.merged
    if merged is None or not run_limits(manifest):
        return
    known = ledger.bills.billed
    for unit in UNITS:
        billed = merged.billed.get(unit, 0.0)
        if known[unit] < billed * (1 - 1e-6):
            raise DataError(
                f"the shards of this run were billed {billed:,.6g} {unit}, the journal knows of "
                f"{known[unit]:,.6g}: samples of some of them are not in it, and would be paid for "
                "again; bring them first: ttc journal pull --bills FROM, with the journal of each "
                "host that did shards"
            )
