"""The folders of a run's shards: `results/<recipe>/<run id>/shards/03-of-16/`."""

from __future__ import annotations

from ttc.core.shard import Shard
from ttc.listing import found_below
from ttc.store.run_folder import SHARDS, RunFolder


def shard_folder(run: RunFolder, shard: Shard) -> RunFolder:
    """Where a shard of a run lies. Touches no file."""
    return RunFolder(run.path / SHARDS / shard.folder)


def shard_of(folder: RunFolder) -> Shard | None:
    """Which shard a folder is of, by its name; None for one of another kind."""
    number, _, of = folder.shard.partition("-of-")
    try:
        return Shard(int(number), int(of))
    except ValueError:
        return None


def shards_at(run: RunFolder) -> dict[Shard, RunFolder]:
    """The folders of a run's shards, also of those that only just began."""
    below = [RunFolder(path) for path in found_below(run.path / SHARDS, "*-of-*")]
    found = {shard: one for one in below if (shard := shard_of(one)) is not None}
    return {shard: found[shard] for shard in sorted(found, key=lambda s: (s.of, s.number))}


def shards_of(run: RunFolder) -> dict[Shard, RunFolder]:
    """The shards of a run that were begun, in order."""
    return {shard: one for shard, one in shards_at(run).items() if one.exists()}
