"""A journal for people: what it holds, where it lies, what runs were billed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ttc.report.tables import number, table

if TYPE_CHECKING:
    from rich.console import Console


def print_journal(console: Console, facts: Mapping[str, Any]) -> None:
    """Print what `journal_facts` found."""
    from ttc.report.console import line

    console.print(line(str(facts["journal"]), "bold"))
    where = "a network file system" if facts["network"] else "a disk of this host"
    disk = f", on {where} ({facts['file_system']})" if facts["file_system"] else ""
    size = facts["bytes"] / 2**20
    console.print(line(f"{facts['samples']:,} samples, {size:,.1f} MiB{disk}"))
    if facts["hosts"]:
        console.print(line(f"open on {', '.join(facts['hosts'])}"))
    for one in facts["fingerprints"]:
        told = f"{one['model']}: {one['fingerprints']} fingerprint(s)"
        console.print(line(told, "yellow" if one["fingerprints"] > 1 else ""))
    rows = [
        (
            one["run"],
            f"{one['problems']:,}",
            *(number(one[unit]) for unit in ("tokens", "flops", "usd", "calls")),
        )
        for one in facts["runs"]
    ]
    if rows:
        heads = ("run", "problems", "tokens", "FLOPs", "USD", "calls")
        console.print(table("Billed to runs with a budget", heads, rows, range(1, 6)))
