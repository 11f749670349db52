"""Repeats of one recipe, which are pooled: runs that differ in the stated keys only."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ttc.errors import UsageError
from ttc.pipeline.naming import told_recipe, without_keys
from ttc.recipe.differences import differences
from ttc.recipe.identity import LABELS
from ttc.store.run_folder import RunFolder


def grouped(runs: Sequence[RunFolder], over: Sequence[str]) -> list[list[RunFolder]]:
    """Runs whose recipes are equal but for the keys of `over`, together; each alone without any.

    Raises `UsageError` where no runs are, naming what else differs between them.
    """
    if not over:
        return [[run] for run in runs]
    groups: dict[str, list[RunFolder]] = {}
    told = []
    for run in runs:
        recipe = without_keys(told_recipe(run.manifest()), over)
        told.append({k: v for k, v in recipe.items() if k not in LABELS})
        key = json.dumps(told[-1], sort_keys=True, default=str)
        groups.setdefault(key, []).append(run)
    if len(groups) == len(runs):
        _, each = differences({str(i): one for i, one in enumerate(told)})
        keys = sorted({key for one in each.values() for key in one})
        more = f" also differ in {', '.join(keys[:6])}" if keys else " are all there is"
        raise UsageError(
            f"--over {', '.join(over)}: no two of these runs differ in that only; they{more}"
        )
    return list(groups.values())
