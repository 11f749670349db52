"""What another process can tell of a run: its status, whether anybody works on it, its log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ttc.store.lock import held
from ttc.store.run_folder import RunFolder
from ttc.store.run_log import read_log
from ttc.store.shard_folders import shards_of
from ttc.store.shard_status import shard_states, together
from ttc.store.status import STATUS_NAME, Count, RunStatus, read_status

_STALE_S = 30.0


def look(run: RunFolder) -> tuple[RunStatus, bool]:
    """A run's status and whether a process works on it now. Raises `DataError` for no run.

    Where nobody does and it had not ended, its process was killed. A run without a status (made by
    an import, a simulation or an earlier version) is told from its manifest, one that is there in
    shards only from theirs.
    """
    shards = shards_of(run)
    if shards and not run.exists():
        looked = {shard: look(one) for shard, one in shards.items()}
        return together(run, looked), any(alive for _, alive in looked.values())
    status, alive = _seen(run)
    if not alive and status.state == "running":  # or it began just after nobody had been at it
        status, alive = _seen(run)
    if not alive and status.state == "running":
        # The status is the first file that a full disk costs; the manifest has the last word.
        stored = run.manifest().status
        status.state = "killed" if stored == "interrupted" else stored
        status.eta_seconds = None
    if shards:
        status.shards = shard_states({shard: look(one) for shard, one in shards.items()})
    return status, alive


def _seen(run: RunFolder) -> tuple[RunStatus, bool]:
    """The status as it is written, and whether somebody is at work."""
    alive = held(run)
    status = read_status(run.path / STATUS_NAME) or status_of(run)
    if alive is None:  # the lock is not ours to try: a status that moves shows life
        age = (datetime.now(UTC) - status.updated).total_seconds()
        alive = status.state == "running" and age < _STALE_S
    return status, alive


def status_of(run: RunFolder) -> RunStatus:
    """What a manifest alone tells."""
    manifest = run.manifest()
    return RunStatus(
        run_id=manifest.run_id,
        recipe_name=manifest.recipe_name,
        shard=run.shard,
        state=manifest.status,
        started=manifest.started,
        updated=manifest.ended or manifest.started,
        tries=max(1, len(manifest.tries)),
        roles={role: Count(done=_samples(used)) for role, used in manifest.roles.items()},
        fingerprint_calls=_samples(manifest.ledger.get("fingerprint", {})),
        error=manifest.note if manifest.status == "interrupted" else "",
    )


def _samples(used: Mapping[str, Any]) -> int:
    return int(used.get("samples", 0))


def as_plain(run: RunFolder, events: int) -> dict[str, Any]:
    """Everything that `ttc status --json` prints."""
    status, alive = look(run)
    return {
        **status.model_dump(mode="json"),
        "path": str(run.path),
        "alive": alive,
        "seconds": status.seconds,
        "events": read_log(run, events) if events else [],
    }
