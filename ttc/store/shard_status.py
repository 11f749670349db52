"""How far the shards of a run are, each and together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ttc.core.shard import Shard
from ttc.store.run_folder import RunFolder
from ttc.store.status import Count, RunStatus, ShardState, State

_GROUPS = ("complete", "budget", "running", "interrupted", "failed", "killed", "missing")

Looked = Mapping[Shard, tuple[RunStatus, bool]]
"""The status of each shard that was begun, and whether a process works on it."""


def together(run: RunFolder, looked: Looked) -> RunStatus:
    """The status of a run of which there are only shards, from theirs, of which there are some."""
    each = [status for status, _ in looked.values()]
    alive = any(alive for _, alive in looked.values())
    rows = shard_states(looked)
    state: State = "interrupted"
    if alive or all(one.done for one in rows):
        state = "running" if alive else "unmerged"
    roles: dict[str, Count] = {}
    for role in dict.fromkeys(role for one in each for role in one.roles):
        counts = [one.roles[role] for one in each if role in one.roles]
        roles[role] = _sum(counts)
    return RunStatus(
        run_id=run.run_id,
        recipe_name=run.recipe_name,
        state=state,
        stage="shards",
        started=min(one.started for one in each),
        updated=max(one.updated for one in each),
        problems=_sum([one.problems for one in each]),
        roles=roles,
        from_journal=sum(one.from_journal for one in each),
        failed_samples=sum(one.failed_samples for one in each),
        retries=sum(one.retries for one in each),
        tokens_per_second=sum(one.tokens_per_second for one, alive in looked.values() if alive),
        batches=[batch for one in each for batch in one.batches],
        warnings=list(dict.fromkeys(text for one in each for text in one.warnings)),
        shards=rows,
    )


def shard_states(looked: Looked) -> list[ShardState]:
    """A row for every shard that there should be."""
    rows = []
    for of in sorted({shard.of for shard in looked}):
        for shard in (Shard(number, of) for number in range(1, of + 1)):
            if shard not in looked:
                rows.append(ShardState(shard=str(shard), state="missing"))
                continue
            status, alive = looked[shard]
            rows.append(
                ShardState(
                    shard=str(shard),
                    state=status.state,
                    alive=alive,
                    problems=status.problems,
                    samples=status.samples,
                    error=status.error,
                )
            )
    return rows


def shards_in_words(shards: Sequence[ShardState]) -> str:
    """`16 shards: 12 complete, 3 running, 1 missing`."""
    counts = Counter(one.state for one in shards)
    told = [f"{counts[state]} {state}" for state in _GROUPS if counts[state]]
    return f"{len(shards)} shard{'s' if len(shards) > 1 else ''}: {', '.join(told)}"


def _sum(counts: Sequence[Count]) -> Count:
    totals = [one.total for one in counts]
    known = None if None in totals else sum(n or 0 for n in totals)
    return Count(done=sum(one.done for one in counts), total=known)
