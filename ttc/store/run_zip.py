"""A run in one zip file: its tables, its manifest and its recipe, at the top."""

from __future__ import annotations

from pathlib import Path

import yaml

from ttc.errors import DataError
from ttc.store.columns import RUN_TABLES
from ttc.store.run_folder import MANIFEST_NAME, RunFolder
from ttc.store.zips import Content, write_zip

RECIPE_NAME = "recipe.yaml"
MEMBERS = (MANIFEST_NAME, RECIPE_NAME, *(f"{name}.parquet" for name in RUN_TABLES))
"""What such a file may hold. The manifest says what the tables' SHA-256 are."""


def write_run_zip(run: RunFolder, path: Path) -> list[str]:
    """Write a run's zip file, atomically; returns the names of its members.

    Logs, the journal and figures stay behind. Equal runs give equal bytes. Raises `DataError` for
    a run without tables.
    """
    if not run.has_tables():
        raise DataError(f"{run.name} has no tables yet; run its recipe again")
    members: dict[str, Content] = {
        MANIFEST_NAME: run.manifest_path,
        RECIPE_NAME: recipe_text(run).encode(),
    }
    for name in RUN_TABLES:
        if run.table(name).is_file():
            members[f"{name}.parquet"] = run.table(name)
    write_zip(path, members)
    return list(members)


def recipe_text(run: RunFolder) -> str:
    """The run's resolved recipe as YAML; of imported samples, how they were imported."""
    text: str = yaml.safe_dump(run.manifest().recipe, sort_keys=False, allow_unicode=True)
    return text
