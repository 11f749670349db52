"""The journals of shards, which the run that is made of them goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ttc.engine.journal_merge import Pulled, pull
from ttc.engine.journal_place import JOURNAL_NAME
from ttc.store.run_folder import RunFolder


def pull_journals(
    run: RunFolder, shards: Sequence[RunFolder], told: Callable[[str], None]
) -> list[Pulled]:
    """Bring what the shards drew, and what they were billed for it, into the journal of a run."""
    target = run.results / JOURNAL_NAME
    found = []
    for source in dict.fromkeys(path.resolve() for one in shards for path in _journals(one)):
        if not (target.exists() and source.samefile(target)):
            told(f"pulling {source}")
            found.append(pull(source, target, bills=run.name))
    return found


def _journals(shard: RunFolder) -> Iterator[Path]:
    """A shard's own journal, and that of the folder of results that it lies in."""
    above = shard.path.resolve().parents
    for folder in (shard.path, *above[3:4]):
        if (folder / JOURNAL_NAME).is_file():
            yield folder / JOURNAL_NAME
