"""What else is at work on the same run. A whole run and its shards each may spend the run's budget,
so that one of them at a time does.
"""

from __future__ import annotations

from pathlib import Path

from ttc.engine.batches.records import batches_of
from ttc.errors import Busy, TtcError
from ttc.store.lock import held
from ttc.store.run_folder import RunFolder
from ttc.store.shard_folders import shards_of


def require_alone(run: RunFolder) -> None:
    """Raise `Busy` where a process works on a shard of this run, or on the run of this shard.

    The caller holds the run's own lock, so of two that begin at once none overlooks the other.
    """
    others = [run.whole] if run.shard else [*shards_of(run).values()]
    for other in others:
        if held(other):
            what = "the whole of which this is a shard" if run.shard else "a shard of this run"
            raise Busy(
                f"another process is running {other.name}, {what}, within the same budget; follow "
                f"it with: ttc status {other.path}"
            )


def require_no_batches(run: RunFolder, journal: Path) -> None:
    """Raise `TtcError` where a shard that was stopped has batches at a provider: only that shard
    finds them again, and the whole would buy the same once more.
    """
    for shard, folder in shards_of(run).items():
        if waiting := batches_of(journal, folder.name):
            raise TtcError(
                f"{folder.name} was stopped while {waiting[0].id or 'a batch'} waits at its "
                f"provider: first do that shard, by the same command with --shard {shard}, which "
                f"fetches what came (ttc batches {folder.path} --cancel ends the wait)"
            )
