"""What a merge of shards has to say: what came together, and whether a second pass would pay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ttc.engine.journal_merge import Pulled
from ttc.pipeline.sharding.checks import whole_command
from ttc.pipeline.sharding.merge import Merged
from ttc.report.tables import number
from ttc.words import counted


def merged_facts(done: Merged) -> dict[str, Any]:
    """The same as plain data."""
    note = done.manifest.merged
    return {
        "shards": done.of,
        "journals": [pulled_facts(one) for one in done.pulled],
        "second_pass": None
        if note is None or not note.second_pass
        else {"left": dict(note.left), "problems": note.wanting},
    }


def merged_lines(done: Merged) -> Iterator[str]:
    """Sentences for people."""
    what = f"Merged {counted(done.of, 'shard')}" if done.fresh else "Nothing to do: it was merged"
    yield f"{what} into {done.run.path}"
    for one in done.pulled:
        yield from pulled_lines(one)
    note = done.manifest.merged
    if note is None or not note.second_pass:
        return
    left = " and ".join(f"{number(n)} {unit}" for unit, n in note.left.items())
    yield (
        f"The shards left {left} of the run's budget, and {counted(note.wanting, 'problem')} would "
        "take more. A second pass on one machine deals that out, and pays for nothing twice: "
        f"{whole_command(done.run)}"
    )


def pulled_facts(one: Pulled) -> dict[str, Any]:
    """What came from a journal, as plain data."""
    return {
        "from": str(one.source),
        "to": str(one.target),
        "samples": one.samples,
        "new": one.came.new,
        "replaced": one.came.replaced,
        "damaged": one.came.damaged,
        "bills": one.bills,
    }


def pulled_lines(one: Pulled) -> Iterator[str]:
    """The same as sentences."""
    came = one.came
    replaced = f", {came.replaced:,} in place of failures or poorer ones" if came.replaced else ""
    yield (
        f"{one.source}: {came.new:,} of its {counted(one.samples, 'sample')} were new to "
        f"{one.target}{replaced}"
    )
    if came.damaged:
        yield f"Warning: {counted(came.damaged, 'sample')} of {one.source} can't be read"
    if one.warning:
        yield f"Warning: {one.warning}"
