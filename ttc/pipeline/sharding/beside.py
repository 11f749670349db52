"""What else is at work on the same run. A whole run and its shards each may spend the run's budget,
so that one of them at a time does.
"""

from __future__ import annotations

from pathlib import Path

from ttc.core.shard import Shard
from ttc.engine.batches.records import batches_of
from ttc.errors import Busy, TtcError
from ttc.store.lock import held
from ttc.store.run_folder import RunFolder
from ttc.store.shard_folders import shard_of, shards_at, shards_of


def require_alone(run: RunFolder) -> None:
    """Raise `Busy` where a process works on a shard of this run, on the run of this shard, or on a
    shard of another parting of it, which has problems of this one, too.

    The caller holds the run's own lock, so of two that begin at once none overlooks the other.
    """
    own = shard_of(run) if run.shard else None
    whole = run if own is None else run.whole
    others = {one: folder for one, folder in shards_at(whole).items() if not _beside(own, one)}
    told = [(folder, "a shard of this run") for folder in others.values()]
    if own is not None:
        told = [(folder, "a shard of another parting") for folder, _ in told]
        told.append((whole, "the whole of which this is a shard"))
    for folder, what in told:
        if held(folder):
            raise Busy(
                f"another process is running {folder.name}, {what}, within the same budget; follow "
                f"it with: ttc status {folder.path}"
            )


def _beside(own: Shard | None, other: Shard) -> bool:
    """Whether a shard may be at work beside another: of the same parting, with other problems."""
    return own is not None and own.of == other.of


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
