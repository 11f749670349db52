"""A recipe that is another run because a plug-in's code changed: which one, and since when."""

from __future__ import annotations

from contextlib import suppress

from ttc.errors import DataError
from ttc.store.manifest import Manifest
from ttc.store.run_folder import RunFolder, list_runs


def code_changes(run: RunFolder, manifest: Manifest) -> str:
    """What a new run's code has other than the latest run of the same recipe; empty for nothing.

    An older ttc did not note the code, and a run that is there already goes on with its own.
    """
    if run.exists() or not manifest.plugins:
        return ""
    for other in reversed(list_runs(run.path.parent)):
        with suppress(DataError):
            earlier = other.manifest()
            if (earlier.recipe_hash, earlier.seed) == (manifest.recipe_hash, manifest.seed):
                return _told(other, earlier, manifest)
    return ""


def _told(other: RunFolder, earlier: Manifest, manifest: Manifest) -> str:
    before = earlier.code
    changed = [name for name, now in manifest.code.items() if before.get(name) != now]
    if not changed:
        return ""
    noted = all(name in before for name in changed)
    return (
        f"the code of {', '.join(changed)} {'is not that of' if noted else 'was not noted by'} "
        f"{other.name}, so this is a new run; what it asks for as before comes from the journal"
    )
