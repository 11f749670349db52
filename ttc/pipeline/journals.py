"""Journals as people name them, and what is in one."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

from ttc.budget.cost import UNITS
from ttc.engine.journal_hosts import hosts
from ttc.engine.journal_look import look_into
from ttc.engine.journal_place import JOURNAL_NAME, file_system, journal_path
from ttc.errors import DataError
from ttc.store.run_folder import RunFolder


def journal_of(run: RunFolder, asked: str | None) -> Path:
    """Where a run's samples are kept. asked: its recipe's `engine.journal`."""
    return journal_path(asked, run.results, run.path if run.shard else None)


def find_journal(path: Path) -> Path:
    """The journal that a file or a folder is or has. Raises `DataError` where there is none."""
    found = path / JOURNAL_NAME if path.is_dir() else path
    if not found.is_file():
        raise DataError(
            f"there is no journal {found}; name the file, or a folder of results or of a shard"
        )
    return found


def new_journal(path: Path) -> Path:
    """The same, where it need not be there yet: what ends as a file does is one."""
    folder = path.is_dir() or (not path.exists() and not path.suffix)
    return path / JOURNAL_NAME if folder else path


def journal_facts(journal: Path) -> dict[str, Any]:
    """What is in a journal and where it lies. Samples are kept by content, so that it is not known
    of which model or role each is. Raises `TtcError` where it can't be read.
    """
    inside = look_into(journal)
    disk = file_system(journal)
    return {
        "journal": str(journal),
        "samples": inside.samples,
        "bytes": sum(_size(journal.with_name(journal.name + end)) for end in ("", "-wal")),
        "file_system": None if disk is None else disk[0],
        "network": None if disk is None else disk[1],
        "hosts": hosts(journal),
        "runs": [
            {"run": run, "problems": problems, **{u: amounts[u] for u in UNITS}}
            for run, (problems, amounts) in sorted(inside.bills.items())
        ],
        "fingerprints": [
            {"model": model, "fingerprints": n} for model, n in sorted(inside.models.items())
        ],
        "billed": {u: math.fsum(amounts[u] for _, amounts in inside.bills.values()) for u in UNITS},
    }


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
