"""The batches of a run that wait at a provider: what they are, and an end to them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ttc.core.batches import BatchBackend
from ttc.engine.batches.records import Submitted, batches_of
from ttc.errors import TtcError
from ttc.pipeline.journals import journal_of
from ttc.recipe.batch_mode import in_batches
from ttc.recipe.load import recipe_of
from ttc.store.run_folder import RunFolder
from ttc.store.shard_folders import shards_of


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of asking that a batch be cancelled; fault: why it was not."""

    id: str
    fault: str = ""


def waiting(run: RunFolder) -> list[Submitted]:
    """The batches of a run and of its shards, oldest first, as their processes saw them last."""
    found = {one.token: one for folder in _parts(run) for one in _own(folder)}
    return sorted(found.values(), key=lambda one: one.submitted)


def _own(folder: RunFolder) -> list[Submitted]:
    chosen = folder.manifest().recipe.get("engine", {}).get("journal")
    return batches_of(journal_of(folder, chosen), folder.name)


def _parts(run: RunFolder) -> list[RunFolder]:
    """The run, where it was begun as a whole, and its shards: each has batches in its own name."""
    whole = [run] if run.exists() else []
    return whole if run.shard else [*whole, *shards_of(run).values()]


def as_plain(batches: Sequence[Submitted]) -> list[dict[str, Any]]:
    """For programs."""
    hidden = ("run", "server", "state")
    return [{k: v for k, v in asdict(one).items() if k not in hidden} for one in batches]


def cancel(run: RunFolder, batches: Sequence[Submitted]) -> list[Cancelled]:
    """Ask the provider to answer no more of these. Their records stay: what was answered by then
    is paid for, and the run's next try fetches it.
    """
    return asyncio.run(_cancel(run, batches))


async def _cancel(run: RunFolder, batches: Sequence[Submitted]) -> list[Cancelled]:
    recipe = recipe_of(_parts(run)[0].manifest().recipe)
    opened: dict[str, BatchBackend] = {}
    found: list[Cancelled] = []
    try:
        part: Any
        for part in filter(in_batches, recipe.backends()):
            if part.model not in opened:
                opened[part.model] = part.open()
        for batch in batches:
            found.append(await _one(opened, batch))
    finally:
        for backend in opened.values():
            await backend.close()
    return found


async def _one(opened: dict[str, BatchBackend], batch: Submitted) -> Cancelled:
    backend = opened.get(batch.model)
    if backend is None:
        return Cancelled(batch.id, f"the run's recipe asks no {batch.model} in batches")
    try:
        known = batch.id or getattr(await backend.find(batch.token, batch.file), "id", "")
        if not known:
            return Cancelled(batch.token, "the provider has no such batch")
        await backend.cancel(known)
    except TtcError as error:
        return Cancelled(batch.id or batch.token, str(error))
    return Cancelled(known)
