"""Shards become the run that one machine would have written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ttc.engine.journal_merge import Pulled
from ttc.errors import BudgetExhausted
from ttc.pipeline.evaluate import write_curves
from ttc.pipeline.sharding.checks import (
    Chosen,
    choose,
    digest_of,
    require_alike,
    require_still,
    require_within_budget,
    tables_of,
    whole_command,
)
from ttc.pipeline.sharding.gather import gather
from ttc.pipeline.sharding.journals import pull_journals
from ttc.pipeline.sharding.manifests import merged_manifest
from ttc.pipeline.sharding.tables import merge_table
from ttc.store.atomic import remove_leftovers
from ttc.store.lock import locked
from ttc.store.manifest import Manifest, Try
from ttc.store.read_status import status_of
from ttc.store.run_folder import WRITTEN, RunFolder
from ttc.store.run_log import note, run_log
from ttc.store.status import Count, write_status

Told = Callable[[str], None]
"""Is told what is being done."""


class NothingYet(BudgetExhausted):
    """No shard's part of a run's budget is enough for a solution; the whole may be."""

    exit_code = 4
    """A script's sign that the recipe without `--shard` is what comes next."""


@dataclass(frozen=True)
class Merged:
    """run: the whole run; fresh: whether it was written now; of: how many shards; pulled: what came
    into the journal from each journal of the shards.
    """

    run: RunFolder
    manifest: Manifest
    fresh: bool
    of: int
    pulled: Sequence[Pulled] = field(default_factory=tuple)


def merge(
    words: Sequence[str | Path], root: Path | None = None, told: Told = lambda text: None
) -> Merged:
    """Make the run of its shards; see `gather` for words and root.

    A run that was made of the same shards before is left alone, and so is one that is complete
    without them. Raises `DataError` where shards are missing, not done, or not of one run, `Busy`
    where one begins again meanwhile, and `BudgetExhausted` where none has a solution (`NothingYet`
    where the run's budget has more).
    """
    gathered = gather(words, root)
    told(f"checking {gathered.of} shards")
    chosen = choose(gathered)
    require_alike(chosen)
    manifests = [manifest for _, manifest in chosen.values()]
    require_within_budget(manifests)
    run = gathered.run
    with locked(run):  # from here on its shards don't begin
        require_still(chosen)
        remove_leftovers(run.path, WRITTEN)
        there = run.earlier()
        whole = merged_manifest(chosen, _own_tries(there))
        pulled = pull_journals(run, gathered.folders, told)
        if there is not None and run.complete() and _stays(there, chosen):
            return Merged(run, there, False, gathered.of, pulled)
        _write(run, chosen, whole, told)
    return Merged(run, whole, True, gathered.of, pulled)


def _own_tries(there: Manifest | None) -> list[Try]:
    """Tries of the whole run; those of shards come with them."""
    return [] if there is None else [one for one in there.tries if not one.shard]


def _stays(there: Manifest, chosen: Chosen) -> bool:
    if there.merged is None:
        return True
    now = {str(shard): digest_of(manifest) for shard, (_, manifest) in chosen.items()}
    return there.merged.shards == now


def _write(run: RunFolder, chosen: Chosen, whole: Manifest, told: Told) -> None:
    """Tables first, then the manifest that says that they are whole.

    An unfinished one goes before: its recipe says which of the verifiers in a table are the run's
    own, as it does where a run is evaluated that no shards made.
    """
    folders = {shard: folder for shard, (folder, _) in chosen.items()}
    (_, first), *_ = chosen.values()
    assert first.shard is not None, "`choose` looked"
    rows: dict[str, int] = {}
    for table in tables_of(first):
        told(f"merging {table}")
        rows[table] = merge_table(folders, table, run, first.shard.problems)
    if not rows["solutions"]:
        if whole.merged and whole.merged.left:
            raise NothingYet(
                "no shard has a single solution: their parts of the run's budget are too small for "
                "one; run the recipe on one machine, which deals out the whole: "
                f"{whole_command(run)}"
            )
        raise BudgetExhausted("no shard has a single solution")
    whole.model_copy(update={"status": "interrupted"}).write(run.manifest_path)
    told("evaluating")
    began = time.monotonic()
    write_curves(None, run, whole).note(whole)
    whole.timing["evaluation_seconds"] = time.monotonic() - began
    whole.tables = run.digests()
    require_still(chosen)  # those in other places may have
    whole.write(run.manifest_path)
    status = status_of(run)
    status.problems = Count(done=first.shard.problems, total=first.shard.problems)
    write_status(run, status)
    with run_log(run):
        note("merged", f"{run.name}: {len(chosen)} shards merged", shards=len(chosen), rows=rows)
